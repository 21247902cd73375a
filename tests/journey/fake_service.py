"""A stand-in for `maitred serve`: real gRPC, the coupons of the table matched naively, and faults on demand.

fake_service.py TABLES PID_FILE [FAULT]
"""

import csv
import json
import os
import signal
import sys
import threading
from concurrent import futures
from pathlib import Path
from zoneinfo import ZoneInfo

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from maitred.v1 import decision_pb2, decision_pb2_grpc

EVERY = 10
DIES_AFTER = 50


class FakeDecisions(decision_pb2_grpc.DecisionServiceServicer):
    def __init__(self, tables, fault):
        with (tables / "coupons.csv").open(newline="") as file:
            self.coupons = [
                (
                    row["campaign_id"],
                    row["coupon_upc"],
                    row["start"],
                    row["end"],
                    set(row["products"].split()),
                )
                for row in csv.DictReader(file)
            ]
        with (tables / "stores.csv").open(newline="") as file:
            self.zones = {row["id"]: ZoneInfo(row["timezone"]) for row in csv.DictReader(file)}
        self.fault, self.calls, self.seen = fault, 0, set()

    def Decide(self, request, context):  # noqa: N802 - the name in the proto
        self.calls += 1
        new = request.request_id not in self.seen
        self.seen.add(request.request_id)
        if self.fault == "flaky" and new and self.calls % EVERY == 0:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "try again")
        if self.fault == "refuses" and self.calls == DIES_AFTER:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "`pos` is not a channel")
        if self.fault == "dies" and self.calls == DIES_AFTER:
            say("the ledger is on fire")
            os._exit(3)
        return decision_pb2.DecideResponse(
            proposals=[decision_pb2.Proposal(action=name) for name in self.altered(self.matches(request))]
        )

    def matches(self, request):
        assert (request.channel, request.max_actions, request.customer_id != "") == ("pos", 100, True)
        context = json.loads(request.context_json)
        campaigns, products = set(context["customer"]["campaigns"]), set(context["basket"]["products"])
        assert context["basket"]["value"] >= 0
        day = request.at.ToDatetime(tzinfo=ZoneInfo("UTC")).astimezone(self.zones[request.location_id])
        today = day.date().isoformat()
        for campaign, coupon, start, end, wanted in self.coupons:
            if campaign in campaigns and start <= today <= end and wanted & products:
                yield f"coupon-{campaign}-{coupon}"

    def altered(self, names):
        names = list(names)
        if names and self.fault == "forgets":
            names.pop()
        if names and self.fault == "repeats":
            names.append(names[0])
        return names


def say(line):
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main():
    tables, pid_file, fault = Path(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3:] or [""])[0]
    pid_file.write_text(str(os.getpid()))
    if fault == "cannot run":
        sys.exit("error: there is no database at `nowhere`")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if fault == "stubborn" else lambda *_: stop.set())
    server = grpc.server(futures.ThreadPoolExecutor(4))
    checked = health.HealthServicer()
    state = health_pb2.HealthCheckResponse
    checked.set("", state.NOT_SERVING if fault in ("never serves", "faulty rules") else state.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checked, server)
    decision_pb2_grpc.add_DecisionServiceServicer_to_server(FakeDecisions(tables, fault), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say('not json: {"serving"')
    if fault == "faulty rules":
        say(json.dumps({"event": "ruleset_refused", "faults": ["coupons.yaml:3:1: error: unknown `colour`"]}))
    say(json.dumps({"event": "serving", "address": f"127.0.0.1:{port}"}))
    stop.wait()
    server.stop(1).wait()
    sys.exit(4 if fault == "ends badly" else 0)


if __name__ == "__main__":
    main()
