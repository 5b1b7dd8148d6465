import { newId } from '@parley/platform/ids';
import { DeclaredShapes } from '../contract/declared-shapes.js';
import { type Entrances, entrancesOf } from './entrances.js';
import { httpCall, type Ids, idsIn, knownIds, MALFORMED, unknownId } from './http-calls.js';
import { isSuccess, type PolicyRow, PRINCIPALS, type Principal, readPolicy } from './policy.js';
import { emitOnce, frameOnce, idOfEvent, type SocketOutcome } from './socket-calls.js';
import { type Conversation, type HttpAnswer, SENTINEL, World } from './world.js';

const POLICY = readPolicy();
const shapes = new DeclaredShapes();
const HTTP = POLICY.filter(({ entrance }) => !/^(EVENT|FRAME) /.test(entrance));
const EVENTS = POLICY.filter(({ entrance }) => entrance.startsWith('EVENT '));
const FRAMES = POLICY.filter(({ entrance }) => entrance.startsWith('FRAME '));
/** The owner comes last: its calls may take away what the others ask for. */
const STRANGERS: readonly Principal[] = PRINCIPALS.filter((principal) => principal !== 'owner');
const OWNED = new Set(['session_id', 'message_id', 'run_id']);

let world: World;
let entrances: Entrances;

beforeAll(async () => {
  world = await World.open({ PARLEY__METRICS__TOKEN: 'matrix-metrics-token-of-32-characters' });
  entrances = await entrancesOf(world.app, world.url);
}, 60_000);

afterAll(async () => {
  await world.close();
});

describe('the policy table', () => {
  const named = POLICY.map(({ entrance }) => entrance);

  it('has one row for every entrance, and every row has an entrance', () => {
    const { documented, routed, messages } = entrances;
    expect([...new Set([...documented, ...routed, ...messages])].sort()).toEqual([...named].sort());
  });

  it('knows every handler that declares who may come', () => {
    const suffixes = new Set(named.flatMap((entrance) => [entrance, entrance.replace(' /api/v1', ' ')]));
    expect(entrances.mapped.filter((entrance) => !suffixes.has(entrance))).toEqual([]);
    expect(entrances.mapped.length).toBeGreaterThanOrEqual(HTTP.length + EVENTS.length);
  });

  it('gives every denial a twin that succeeds, but where nothing of this version can', () => {
    const denying = POLICY.filter(({ expected }) => Object.values(expected).some((cell) => isRefusal(cell)));
    const without = denying.filter(({ expected, twin }) => !isSuccess(cellOf(expected, twin)));
    // No use case of this version asks a person in mid-run, so no run waits for input.
    expect(without.map(({ entrance }) => entrance)).toEqual([
      'POST /api/v1/chat/sessions/{session_id}/runs/{run_id}/input',
      'EVENT input',
      'FRAME input',
    ]);
  });
});

describe.each(HTTP)('$entrance', ({ entrance, expected }) => {
  const owned = idsIn(entrance).filter((name) => OWNED.has(name));
  let conversation: Conversation | undefined;

  beforeAll(async () => {
    if (owned.length > 0) conversation = await world.conversation(world.accounts.owner.token);
  });

  const call = async (principal: Principal, ids?: Ids): Promise<HttpAnswer> => {
    const known = idsIn(entrance).length === 0 ? {} : knownIds(entrance, conversation);
    const request = await httpCall(world, entrance, principal, { ...known, ...ids });
    const answer = await world.call(request, await tokenFor(principal, entrance));
    expect(shapes.faultsOf({ ...request, ...answer })).toEqual([]);
    return answer;
  };

  it.each(STRANGERS)('%s', async (principal) => {
    const before = await world.rows();
    const answer = await call(principal);
    expect([principal, String(answer.status)]).toEqual([principal, expected[principal]]);
    expect(answer.text).not.toContain(SENTINEL);
    if (answer.status >= 400) {
      expectProblem(answer);
      expect(await world.rows()).toEqual(before);
    }
  });

  if (owned.length > 0) {
    it.each(STRANGERS.filter((principal) => principal !== 'anonymous'))(
      'tells %s of a foreign object what it tells of one that does not exist',
      async (principal) => {
        const own = await world.conversation(world.tokenOf(principal) ?? '', 'Own');
        if (conversation === undefined) throw new Error('the owner has no conversation');
        for (const name of owned) {
          // In one's own session, a foreign message or run; and a foreign session as a whole.
          const ids = name === 'session_id' ? conversation : { ...own, [name]: Reflect.get(conversation, name) };
          const foreign = await call(principal, plain(ids));
          const unknown = await call(principal, { ...plain(ids), [name]: unknownId(name) });
          expect(foreign.status).toBe(404);
          expect(fingerprint(foreign)).toEqual(fingerprint(unknown));
        }
      },
    );
  }

  if (idsIn(entrance).length > 0) {
    it('unknown', async () => {
      for (const name of idsIn(entrance)) {
        const answer = await call('owner', { [name]: unknownId(name) });
        expect([name, String(answer.status)]).toEqual([name, expected.unknown]);
      }
    });

    it('malformed', async () => {
      for (const name of idsIn(entrance)) {
        const unknown = await call('owner', { [name]: unknownId(name) });
        for (const id of MALFORMED) {
          const answer = await call('owner', { [name]: id });
          expect([name, id, String(answer.status)]).toEqual([name, id, expected.malformed]);
          expect(codeOf(answer)).toBe(codeOf(unknown));
        }
      }
    });
  }

  it('owner', async () => {
    const answer = await call('owner');
    expect(String(answer.status)).toBe(expected.owner);
  });
});

describe.each(EVENTS)('$entrance', (row) => {
  socketSuite(row, (principal, name, ids) => emitOnce(world.url, world.tokenOf(principal), name, ids), idOfEvent);
});

describe.each(FRAMES)('$entrance', (row) => {
  socketSuite(
    row,
    (principal, name, ids) => frameOnce(world.url, world.tokenOf(principal), name, ids),
    () => 'session_id',
  );

  it.each(['cancel', 'input'])('%s: a foreign run is one that does not exist', async (name) => {
    const [mine, foreign] = await Promise.all([
      world.conversation(world.accounts.other.token, 'Own'),
      world.conversation(world.accounts.owner.token),
    ]);
    const send = (run_id: string) => frameOnce(world.url, world.accounts.other.token, name, { ...plain(mine), run_id });
    const told = await send(foreign.run_id);
    expect(told.outcome).toBe('404');
    expect(withoutTraces(told.heard)).toBe(withoutTraces((await send(newId('run'))).heard));
  });
});

function socketSuite(
  { entrance, expected }: PolicyRow,
  send: (principal: Principal, name: string, ids: Ids) => Promise<SocketOutcome>,
  idNamed: (name: string) => 'session_id' | 'run_id',
): void {
  const name = entrance.split(' ')[1] ?? '';
  const idName = idNamed(name);
  let conversation: Conversation;

  beforeAll(async () => {
    conversation = await world.conversation(world.accounts.owner.token);
  });

  it.each(STRANGERS)('%s', async (principal) => {
    const before = await world.rows();
    const { outcome, heard } = await send(principal, name, plain(conversation));
    expect([principal, outcome]).toEqual([principal, expected[principal]]);
    expect(heard).not.toContain(SENTINEL);
    expect(await world.rows()).toEqual(before);
    if (principal === 'anonymous') return;
    const unknown = await send(principal, name, { ...plain(conversation), [idName]: unknownId(idName) });
    expect(unknown.outcome).toBe(outcome);
    expect(withoutTraces(heard)).toBe(withoutTraces(unknown.heard));
  });

  it('unknown and malformed', async () => {
    const ids = plain(conversation);
    const unknown = await send('owner', name, { ...ids, [idName]: unknownId(idName) });
    expect(unknown.outcome).toBe(expected.unknown);
    for (const id of ['1', 'ses_', 'usr_01JCZK5V4W8Q2M7N9P3R6T1XYZ', "' or 1=1 --"]) {
      const malformed = await send('owner', name, { ...ids, [idName]: id });
      expect([id, malformed.outcome]).toEqual([id, expected.malformed]);
    }
  });

  it('owner', async () => {
    const { outcome } = await send('owner', name, plain(conversation));
    expect(outcome).toBe(expected.owner);
    await settled(conversation.session_id);
  });
}

describe('what lists, streams and bodies show of others', () => {
  it('lists no foreign session, whoever asks', async () => {
    const { session_id: id } = await world.conversation(world.accounts.owner.token);
    for (const principal of ['other', 'moderator', 'admin'] as const) {
      const answer = await world.call(
        { method: 'GET', path: '/api/v1/chat/sessions?limit=200' },
        world.tokenOf(principal),
      );
      expect(answer.text).not.toContain(id);
      expect(answer.text).not.toContain(SENTINEL);
    }
    const own = await world.call({ method: 'GET', path: '/api/v1/chat/sessions?limit=200' }, world.tokenOf('owner'));
    expect(own.text).toContain(id);
  });

  it('opens no foreign stream', async () => {
    const { session_id: id, message_id } = await world.conversation(world.accounts.owner.token);
    const headers = { Accept: 'text/event-stream' };
    const streams = [
      { method: 'GET', path: `/api/v1/chat/sessions/${id}/events`, headers },
      { method: 'POST', path: `/api/v1/chat/sessions/${id}/messages`, headers, body: { content: 'May I?' } },
      { method: 'POST', path: `/api/v1/chat/sessions/${id}/messages/${message_id}/regenerate`, headers, body: {} },
    ];
    for (const stream of streams) {
      const answer = await world.call(stream, world.tokenOf('other'));
      expect([stream.path, answer.status]).toEqual([stream.path, 404]);
      expect(answer.text).not.toContain(SENTINEL);
    }
  });

  it('takes no foreign id in a body, and no foreign cursor', async () => {
    const [mine, foreign, another] = await Promise.all([
      world.conversation(world.accounts.other.token, 'Own'),
      world.conversation(world.accounts.owner.token),
      world.conversation(world.accounts.owner.token),
    ]);
    const clone = (id: string) =>
      world.call(
        { method: 'POST', path: `/api/v1/chat/sessions/${mine.session_id}/clone`, body: { up_to_message_id: id } },
        world.tokenOf('other'),
      );
    const told = await clone(foreign.message_id);
    expect(told.status).toBeGreaterThanOrEqual(400);
    expect(fingerprint(told)).toEqual(fingerprint(await clone(newId('message'))));

    const page = await world.call({ method: 'GET', path: '/api/v1/chat/sessions?limit=1' }, world.tokenOf('owner'));
    const cursor = encodeURIComponent(String(JSON.parse(page.text)['next_cursor']));
    expect(another.session_id).toMatch(/^ses_/);
    const stolen = await world.call(
      { method: 'GET', path: `/api/v1/chat/sessions?limit=1&cursor=${cursor}` },
      world.tokenOf('other'),
    );
    expect([stolen.status, codeOf(stolen)]).toEqual([400, 'INVALID_CURSOR']);
    const mineAgain = await world.call(
      { method: 'GET', path: `/api/v1/chat/sessions?limit=1&cursor=${cursor}` },
      world.tokenOf('owner'),
    );
    expect(mineAgain.status).toBe(200);
  });

  it('ends no foreign login by its refresh token', async () => {
    const victim = await world.login(world.accounts.owner.email);
    const thief = await world.login(world.accounts.other.email);
    await world.call(
      { method: 'POST', path: '/api/v1/auth/logout', body: { refresh_token: victim.refreshToken } },
      thief.token,
    );
    expect((await world.call({ method: 'GET', path: '/api/v1/auth/me' }, victim.token)).status).toBe(200);
    expect((await world.call({ method: 'GET', path: '/api/v1/auth/me' }, thief.token)).status).toBe(401);
  });

  it('says more of the installation to holders of system:read only', async () => {
    const ask = async (principal: Principal): Promise<unknown> =>
      JSON.parse((await world.call({ method: 'GET', path: '/api/v1/status' }, world.tokenOf(principal))).text);
    for (const principal of ['anonymous', 'owner', 'moderator'] as const) {
      expect(Object.keys(Object(await ask(principal))).sort()).toEqual(['status', 'version']);
    }
    expect(await ask('admin')).toHaveProperty('nodes');
  });
});

/** Signing out uses a login up: it gets one of its own. */
async function tokenFor(principal: Principal, entrance: string): Promise<string | undefined> {
  if (principal === 'anonymous' || !entrance.endsWith('/logout')) return world.tokenOf(principal);
  return (await world.login(world.accounts[principal].email)).token;
}

/** What was sent over a socket is answered while nobody waits for it. */
async function settled(sessionId: string): Promise<void> {
  const path = `/api/v1/chat/sessions/${sessionId}/events?limit=200`;
  for (let tries = 0; tries < 100; tries += 1) {
    const { text } = await world.call({ method: 'GET', path }, world.tokenOf('owner'));
    const begun = text.match(/"type":"run\.(started|queued)"/g)?.length ?? 0;
    if (begun <= (text.match(/"type":"run\.completed"/g)?.length ?? 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the run did not end');
}

function isRefusal(cell: string): boolean {
  return cell !== '-' && !isSuccess(cell);
}

function cellOf(expected: PolicyRow['expected'], column: string): string {
  return Object.entries(expected).find(([name]) => name === column)?.[1] ?? '';
}

function plain({
  session_id,
  message_id,
  run_id,
}: Readonly<Record<'session_id' | 'message_id' | 'run_id', string>>): Ids {
  return { session_id, message_id, run_id };
}

function expectProblem({ headers, text }: HttpAnswer): void {
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(text)).toMatchObject({ code: expect.stringMatching(/^[A-Z][A-Z0-9_]+$/) });
}

function codeOf({ text }: HttpAnswer): unknown {
  return JSON.parse(text)['code'];
}

/** All of an answer that may not differ: bytes and headers but for what names this one request. */
function fingerprint({ status, headers, text }: HttpAnswer): unknown {
  const passing = new Set(['date', 'x-correlation-id', 'content-length']);
  return { status, headers: [...headers].filter(([name]) => !passing.has(name)), text: withoutTraces(text) };
}

function withoutTraces(text: string): string {
  return text
    .replace(/"instance":"[^"]*"/g, '"instance":""')
    .replace(/"correlation_id":"[^"]*"/g, '"correlation_id":""')
    .replace(/\b(ses|run|msg)_[0-9A-Z]{26}\b/g, '$1');
}
