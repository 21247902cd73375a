// A till: asks what to say now, claims what the customer takes, redeems it with the receipt.
//
//   node till.mjs HOST:PORT CUSTOMER_ID LOCATION_ID
//
// Prints one line of JSON for each step. Everything it knows of the service is in the proto files.

import {randomUUID} from 'node:crypto';
import {fileURLToPath} from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const PROTOS = fileURLToPath(new URL('../../protos', import.meta.url));
const DEADLINE_MS = 2000; // A till does not wait longer; the basket is paid without an offer then.

const definition = loader.loadSync('maitred/v1/decision.proto', {
  includeDirs: [PROTOS],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
});
const {maitred} = grpc.loadPackageDefinition(definition);

// A retry repeats its request id, so that it counts once: the same request object is sent again.
const RETRIED = new Set([grpc.status.UNAVAILABLE, grpc.status.ABORTED, grpc.status.RESOURCE_EXHAUSTED]);

function connect(address) {
  const client = new maitred.v1.DecisionService(address, grpc.credentials.createInsecure());
  const once = (method, request) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + DEADLINE_MS;
      client[method](request, {deadline}, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  const call = async (method, request) => {
    try {
      return await once(method, request);
    } catch (error) {
      if (!RETRIED.has(error.code)) throw error;
      return once(method, request);
    }
  };
  return {call, close: () => client.close()};
}

function tell(step, facts) {
  console.log(JSON.stringify({step, ...facts}));
}

async function checkout(call, customer, location) {
  // Money as text is exact in every language; lines have the fields that the rules declare.
  const lines = [{sku: '30100', quantity: 3, price: '1.95', on_sale: false}];
  const context = {basket: {value: '5.85', lines}, session: {id: randomUUID()}};
  const decided = await call('Decide', {
    request_id: randomUUID(),
    customer_id: customer,
    location_id: location,
    channel: 'pos',
    context_json: Buffer.from(JSON.stringify(context)),
    max_actions: 3,
  });
  const [first] = decided.proposals;
  tell('decided', {proposals: decided.proposals.map((proposal) => proposal.action)});
  if (!first) return;
  tell('say', {lines: first.treatment.say.length ? first.treatment.say : [first.treatment.title]});
  const claimed = await call('Claim', {
    request_id: randomUUID(),
    decision_id: decided.decision_id,
    action: first.action,
  });
  // What is granted is said after the claim, and not before.
  tell('claimed', {status: claimed.status, reason: claimed.reason, lines: claimed.treatment?.say ?? []});
  if (claimed.status !== 'CLAIM_GRANTED') return;
  // Paid: with the receipt the unit is spent. A voided sale would call Release instead.
  await call('Redeem', {request_id: randomUUID(), claim_id: claimed.claim_id, location_id: location});
  tell('redeemed', {action: first.action});
}

const [address, customer, location = ''] = process.argv.slice(2);
if (!address || !customer) {
  console.error('usage: node till.mjs HOST:PORT CUSTOMER_ID [LOCATION_ID]');
  process.exit(2);
}
const {call, close} = connect(address);
try {
  await checkout(call, customer, location);
} catch (error) {
  console.error(`error: ${grpc.status[error.code] ?? error.code}: ${error.details ?? error.message}`);
  process.exitCode = 1;
} finally {
  close();
}
