import fc from 'fast-check';
import {
  Arrangement,
  auditViews,
  Contract,
  Conversation,
  isDeep,
  type Outgoing,
  question,
  type Receipt,
  Refusal,
  sendSurely,
  suiteSeed,
  type Turn,
} from '../support/ledger/index.js';
import { ParleyClient } from '../support/nodes/client.js';

const RUNS = isDeep ? 200 : 20;
const seed = suiteSeed();
const TRANSPORTS = ['socket.io', 'websocket'] as const;
const PATIENCE_MS = 15_000;

/** One step of a course. What cannot be done as things stand is left out; what may be refused may be. */
type Step = (contract: Contract, real: Conversation) => Promise<void>;

class Command implements fc.AsyncCommand<Contract, Conversation> {
  constructor(
    private readonly name: string,
    private readonly step: Step,
  ) {}

  check = () => true;
  run = (contract: Contract, real: Conversation) => this.step(contract, real);
  toString = () => this.name;
}

let asked = 0;
function newName(): string {
  asked += 1;
  return `m${asked}.`;
}
const nat = fc.nat(50);

/** A message over one of the doors, said twice: the second time is the first. */
const send = fc
  .record({
    words: fc.integer({ min: 1, max: 12 }),
    paceMs: fc.integer({ min: 1, max: 25 }),
    door: fc.nat(2),
    again: fc.nat(2),
  })
  .map(({ words, paceMs, door, again }) => {
    const over = async (real: Conversation, n: number, message: Outgoing): Promise<Receipt> => {
      const follower = n === 2 ? undefined : real.followers[n];
      const send = (one: Outgoing) => follower?.send(one) ?? real.post(one);
      return (await sendSurely(message, send, PATIENCE_MS)).receipt;
    };
    return new Command(`send(${words}×${paceMs} ms, door ${door}, again ${again})`, async (contract, real) => {
      const name = newName();
      const message = { content: question(words, paceMs, name), client_message_id: name };
      const receipt = await unlessBusy(over(real, door, message));
      if (receipt === undefined) return;
      contract.sent(message.content, receipt);
      expect(await over(real, again, message)).toEqual(receipt);
    });
  });

const cut = fc.nat(1).map((n) => new Command(`cut(${n})`, async (_, real) => real.followers[n]?.cut()));

/** One more reader, from anywhere in what there is. */
const resume = fc.record({ at: nat, transport: fc.constantFrom('sse' as const, ...TRANSPORTS) }).map(
  ({ at, transport }) =>
    new Command(`resume(${transport} at ${at})`, async (_, real) => {
      const most = Math.max(...real.readings.map(({ cursor }) => cursor));
      if (real.followers.length < 6) real.follow(transport, at % (most + 1));
    }),
);

const cancel = fc.record({ turn: nat, run: nat }).map(
  ({ turn, run }) =>
    new Command(`cancel(${turn}, ${run})`, async (contract, real) => {
      const target = pick(pick(contract.turns, turn)?.runs ?? [], run);
      if (target === undefined) return;
      target.cancelAsked = true;
      if ((await real.cancel(target.runId)) === 'cancelled') target.saidCancelled = true;
    }),
);

const regenerate = nat.map(
  (n) =>
    new Command(`regenerate(${n})`, async (contract, real) => {
      const turn: Turn | undefined = pick(contract.turns, n);
      if (turn === undefined) return;
      const key = `${newName()}${seed}`;
      const { message_id: id } = turn.receipt;
      if (contract.erased.has(id)) {
        await expect(real.regenerate(id, key)).rejects.toMatchObject({ code: 'MESSAGE_DELETED' });
        return;
      }
      const runId = await unlessBusy(real.regenerate(id, key));
      if (runId === undefined) return;
      contract.regenerated(turn, runId);
      expect(await real.regenerate(id, key)).toBe(runId);
    }),
);

const erase = nat.map(
  (n) =>
    new Command(`erase(${n})`, async (contract, real) => {
      const id = pick(await real.messageIds(), n);
      if (id === undefined) return;
      const erased = await unlessBusy(real.erase(id).then(() => id));
      if (erased !== undefined) contract.erased.add(id);
    }),
);

const pause = fc
  .integer({ min: 1, max: 300 })
  .map((ms) => new Command(`pause(${ms})`, () => new Promise((resolve) => setTimeout(resolve, ms))));

describe(`the log against a model of the contract (PARLEY_TEST_SEED=${seed})`, () => {
  let place: Arrangement;
  let client: ParleyClient;
  beforeAll(async () => {
    place = await Arrangement.start({ nodes: 1, env: { PARLEY__LIMITS__ENABLED: 'false' } });
    client = await ParleyClient.register(place.url(0));
  }, 120_000);
  afterAll(() => place.stop(), 60_000);

  it(
    `holds in ${RUNS} courses of sending, cutting, resuming, cancelling, regenerating and erasing`,
    async () => {
      const steps = fc.commands([send, send, send, cut, resume, cancel, regenerate, erase, pause], { maxCommands: 14 });
      const course = fc.asyncProperty(steps, fc.constantFrom('queue', 'reject'), async (commands, onBusy) => {
        const real = await Conversation.open(client, { on_busy: onBusy }, TRANSPORTS);
        const contract = new Contract();
        try {
          await fc.asyncModelRun(() => ({ model: contract, real }), commands);
          const books = await real.settle();
          expect([...contract.audit(books), ...auditViews(real.readings, books)]).toEqual([]);
        } finally {
          await real.leave();
        }
      });
      await fc.assert(course, { seed, numRuns: RUNS, endOnFailure: true });
    },
    RUNS * 15_000,
  );
});

function pick<T>(of: readonly T[], n: number): T | undefined {
  return of.length === 0 ? undefined : of[n % of.length];
}

/** Undefined where the session is busy and says so, or has as many waiting as may wait. */
async function unlessBusy<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refusal && ['RUN_IN_PROGRESS', 'QUEUE_FULL'].includes(error.code)) return undefined;
    throw error;
  }
}
