// A till: asks what to say now, claims what the customer takes, redeems it with the receipt.
//
//   ./till HOST:PORT CUSTOMER_ID [LOCATION_ID]
//
// Prints one line of JSON for each step. Everything it knows of the service is in the proto files.

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import maitred.v1.Decision.ClaimRequest;
import maitred.v1.Decision.ClaimResponse;
import maitred.v1.Decision.ClaimStatus;
import maitred.v1.Decision.DecideRequest;
import maitred.v1.Decision.DecideResponse;
import maitred.v1.Decision.Proposal;
import maitred.v1.Decision.RedeemRequest;
import maitred.v1.DecisionServiceGrpc;
import maitred.v1.DecisionServiceGrpc.DecisionServiceBlockingStub;

public final class Till {
  /** A till does not wait longer; the basket is paid without an offer then. */
  private static final long DEADLINE_MS = 2000;

  /** A retry repeats its request id, so that it counts once: the same request is sent again. */
  private static final Set<Status.Code> RETRIED =
      Set.of(Status.Code.UNAVAILABLE, Status.Code.ABORTED, Status.Code.RESOURCE_EXHAUSTED);

  private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

  private final DecisionServiceBlockingStub service;

  private Till(ManagedChannel channel) {
    service = DecisionServiceGrpc.newBlockingStub(channel);
  }

  public static void main(String[] args) throws InterruptedException {
    if (args.length < 2) {
      System.err.println("usage: till HOST:PORT CUSTOMER_ID [LOCATION_ID]");
      System.exit(2);
    }
    ManagedChannel channel = NettyChannelBuilder.forTarget(args[0]).usePlaintext().build();
    int code = 0;
    try {
      new Till(channel).checkout(args[1], args.length > 2 ? args[2] : "");
    } catch (StatusRuntimeException error) {
      Status status = error.getStatus();
      System.err.println("error: " + status.getCode() + ": " + status.getDescription());
      code = 1;
    } finally {
      channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
    }
    System.exit(code);
  }

  private void checkout(String customer, String location) {
    // Money as text is exact in every language; lines have the fields that the rules declare.
    Map<String, Object> line = Map.of("sku", "30100", "quantity", 3, "price", "1.95", "on_sale", false);
    Map<String, Object> context =
        Map.of(
            "basket", Map.of("value", "5.85", "lines", List.of(line)),
            "session", Map.of("id", newId()));
    DecideRequest question =
        DecideRequest.newBuilder()
            .setRequestId(newId())
            .setCustomerId(customer)
            .setLocationId(location)
            .setChannel("pos")
            .setContextJson(ByteString.copyFromUtf8(JSON.toJson(context)))
            .setMaxActions(3)
            .build();
    DecideResponse decided = call(stub -> stub.decide(question));
    tell("decided", "proposals", names(decided.getProposalsList()));
    if (decided.getProposalsCount() == 0) {
      return;
    }
    Proposal first = decided.getProposals(0);
    List<String> say = first.getTreatment().getSayList();
    tell("say", "lines", say.isEmpty() ? List.of(first.getTreatment().getTitle()) : say);
    ClaimRequest wish =
        ClaimRequest.newBuilder()
            .setRequestId(newId())
            .setDecisionId(decided.getDecisionId())
            .setAction(first.getAction())
            .build();
    ClaimResponse claimed = call(stub -> stub.claim(wish));
    // What is granted is said after the claim, and not before.
    tell("claimed", "status", claimed.getStatus().name(), "lines", claimed.getTreatment().getSayList());
    if (claimed.getStatus() != ClaimStatus.CLAIM_GRANTED) {
      return;
    }
    // Paid: with the receipt the unit is spent. A voided sale would call Release instead.
    RedeemRequest receipt =
        RedeemRequest.newBuilder()
            .setRequestId(newId())
            .setClaimId(claimed.getClaimId())
            .setLocationId(location)
            .build();
    call(stub -> stub.redeem(receipt));
    tell("redeemed", "action", first.getAction());
  }

  private <T> T call(Function<DecisionServiceBlockingStub, T> method) {
    try {
      return method.apply(service.withDeadlineAfter(DEADLINE_MS, TimeUnit.MILLISECONDS));
    } catch (StatusRuntimeException error) {
      if (!RETRIED.contains(error.getStatus().getCode())) {
        throw error;
      }
      return method.apply(service.withDeadlineAfter(DEADLINE_MS, TimeUnit.MILLISECONDS));
    }
  }

  private static List<String> names(List<Proposal> proposals) {
    return proposals.stream().map(Proposal::getAction).collect(Collectors.toList());
  }

  private static void tell(String step, Object... facts) {
    Map<String, Object> line = new LinkedHashMap<>(Map.of("step", step));
    for (int place = 0; place < facts.length; place += 2) {
      line.put((String) facts[place], facts[place + 1]);
    }
    System.out.println(JSON.toJson(line));
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }
}
