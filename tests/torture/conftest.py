"""A real server process that can be killed, and callers that never give up."""

import json
import queue
import random
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy.engine import make_url
from tests.services import ServiceProcess
from tests.torture.servers import ServerPool

from maitred.v1 import decision_pb2 as pb
from maitred.v1 import decision_pb2_grpc

# What they assert says what it found, as in tests.
pytest.register_assert_rewrite("tests.torture.rounds", "tests.torture.books")

STARTER = Path(__file__).resolve().parents[2] / "rules" / "starter"
CALL_SECONDS = 5


class Service:
    """``maitred serve`` on the starter rules, on the same port each time it is started."""

    def __init__(self, database, folder):
        self.database, self.folder = database, folder
        self.address, self._process = "127.0.0.1:0", None
        self._flags = ("--rules", STARTER, "--database", database)

    @property
    def process(self):
        return self._process.process

    def start(self):
        self._process = ServiceProcess(self.folder, *self._flags, "--listen", self.address).await_serving()
        self.address = self._process.address

    def kill(self):
        self._process.end()

    def stop(self):
        """The exit code, also of one that had ended before."""
        if self._process is None:
            return None
        return self._process.stop() if self.process.poll() is None else self.process.returncode


class Callers:
    """Threads that ask without pause; what was acknowledged and what is in doubt is kept."""

    def __init__(self, address, prefix, threads=8):
        self.acknowledged: dict[str, Any] = {}
        self.doubtful: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._channel = grpc.insecure_channel(address)
        self._stub = decision_pb2_grpc.DecisionServiceStub(self._channel)
        self._threads = [
            threading.Thread(target=self._run, args=(f"{prefix}-{number}",), daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, prefix):
        number = 0
        while not self._stop.is_set():
            number += 1
            request = request_of(f"{prefix}-{number}")
            try:
                self.acknowledged[request.request_id] = self._stub.Decide(request, timeout=CALL_SECONDS)
            except grpc.RpcError:
                self.doubtful.put(request.request_id)
                time.sleep(0.005)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * CALL_SECONDS)
        self._channel.close()


def request_of(request_id):
    """The request that an id stands for; the same each time."""
    draw = random.Random(request_id)
    context = {
        "customer": {"tier": draw.choice(["basic", "gold", "platinum"]), "age": draw.randrange(16, 80)}
    }
    return pb.DecideRequest(
        request_id=request_id,
        customer_id=str(draw.randrange(1_000)),
        channel="pos",
        context_json=json.dumps(context).encode(),
        max_actions=3,
    )


@pytest.fixture
def service(database_url, tmp_path):
    made = Service(database_url, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def callers():
    return Callers


@pytest.fixture
def request_for():
    return request_of


@pytest.fixture(scope="session")
def shared_databases(postgres_server, tmp_path_factory):
    """An empty database of each kind for all tests of the run; rounds in them do not meet."""
    name = f"torture_{uuid.uuid4().hex}"
    postgres_server.run(f"CREATE SCHEMA {name}")
    url = make_url(postgres_server.url).update_query_dict({"options": f"-csearch_path={name}"})
    yield {
        "sqlite": f"sqlite:///{tmp_path_factory.mktemp('shared') / 'maitred.db'}",
        "postgresql": url.render_as_string(hide_password=False),
    }
    postgres_server.run(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="session")
def shared_server_pools(shared_databases, tmp_path_factory):
    """Servers take seconds to start, so tests share them. All have ended when the tests have."""
    made = {kind: ServerPool(url, tmp_path_factory.mktemp(kind)) for kind, url in shared_databases.items()}
    yield made
    for server_pool in made.values():
        server_pool.stop()


@pytest.fixture
def server_pool(kind, shared_server_pools):
    """One server process where ``kind`` is ``sqlite``, four where it is ``postgresql``."""
    shared_server_pools[kind].ensure_running()
    return shared_server_pools[kind]
