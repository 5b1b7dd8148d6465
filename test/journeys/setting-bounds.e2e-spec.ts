import {
  layerOf,
  pointerTo,
  type SettingProbe,
  settingProbes,
} from '../../libs/use-cases/src/catalogue/conformance.factory.js';
import { openUseCases } from '../../libs/use-cases/src/use-cases.factory.js';
import type { ParleyClient } from '../support/nodes/client.js';
import { PlainLine, record, SocketIoLine } from '../support/sockets/index.js';
import { type Body, ChatWorld, codesOf, items } from './chat-world.js';

/** What a door answered to a message: null where it was taken. */
type Taken = { readonly code: unknown; readonly errors: readonly unknown[] } | null;
type Door = (content: string, context: Body) => Promise<Taken>;

describe('settings of basic_chat through every door', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let probes: readonly SettingProbe[];
  beforeAll(async () => {
    world = await ChatWorld.open({ PARLEY_FAST_MODEL: 'openai:fake-2' });
    ada = await world.user();
    const open = await openUseCases();
    const useCase = open.catalogue.find('basic_chat');
    probes = useCase === undefined ? [] : settingProbes(useCase);
    await open.close();
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(() => {
    world.model.reset();
    world.model.script({ when: { schema: 'response' }, reply: { json: {} } });
    world.model.always({ text: 'Well.' });
  });

  /** Settings that another setting needs to go with it. */
  const company = ({ setting: { path } }: SettingProbe, value: unknown): Body => {
    if (path === 'text_chat.response_format' && value === 'json') return { json_schema: { type: 'object' } };
    return path === 'text_chat.min_message_length' ? { max_message_length: 32_000 } : {};
  };
  const layer = (probe: SettingProbe, value: unknown): Body => ({
    ...layerOf(probe.setting, value),
    ...company(probe, value),
  });
  const create = (settings: Body) => ada.call('/chat/sessions', { method: 'POST', body: { title: 'Probe', settings } });
  const refusal = (problem: unknown): Taken => {
    const body = record(problem);
    return { code: body['code'], errors: codesOf(body) };
  };

  /** One session, and the three ways to say something in it. */
  async function doors(): Promise<{ session: string; say: Readonly<Record<string, Door>>; close: () => void }> {
    const session = await world.session(ada);
    const io = await SocketIoLine.open(ada.url, ada.token);
    const line = await PlainLine.open(ada.url, session, { token: ada.token });
    const rest: Door = async (content, context) => {
      const { status, body } = await world.say(ada, session, content, { context }, { Prefer: 'respond-async' });
      return status === 202 ? null : refusal(body);
    };
    const socketIo: Door = async (content, context) => {
      const answer = await io.ask('message', { session_id: session, content, context });
      return answer['ok'] === true ? null : refusal(answer['error']);
    };
    let [acks, problems] = [0, 0];
    const plain: Door = async (content, context) => {
      line.send({ type: 'message', content, context });
      const next = await line.view.until('an answer to the frame', () => {
        const ack = line.answers.filter(({ type }) => type === 'ack')[acks];
        const problem = line.view.errors[problems];
        return ack !== undefined || problem !== undefined ? { ack, problem } : undefined;
      });
      if (next.ack !== undefined) acks += 1;
      else problems += 1;
      return next.ack !== undefined ? null : refusal(next.problem?.['error']);
    };
    const close = () => {
      io.close();
      line.close();
    };
    return { session, say: { REST: rest, 'Socket.IO': socketIo, 'plain WebSocket': plain }, close };
  }

  it('takes each at both bounds, and shows a session what it set and nothing more', async () => {
    expect(probes.length).toBeGreaterThanOrEqual(25);
    for (const probe of probes) {
      for (const value of probe.good) {
        const settings = layer(probe, value);
        const made = await create(settings);
        expect([probe.setting.path, made.status]).toEqual([probe.setting.path, 201]);
        expect(made.body['settings']).toEqual(settings);
        const id = String(made.body['session_id']);
        const changed = await ada.call(`/chat/sessions/${id}`, { method: 'PUT', body: { settings } });
        expect(changed.status).toBe(200);
      }
    }
  }, 60_000);

  it('refuses each just outside and of another type, when made and when changed, and stores nothing', async () => {
    const id = await world.session(ada);
    const before = await world.query('select count(*) from sessions');
    for (const { setting, bad } of probes) {
      for (const { value, code } of bad) {
        const settings = layerOf(setting, value);
        const call = { method: 'PUT', body: { settings } };
        for (const refused of [await create(settings), await ada.call(`/chat/sessions/${id}`, call)]) {
          const [first] = codesOf(refused.body);
          expect([setting.path, refused.status, first?.code]).toEqual([setting.path, 400, code]);
          expect(String(first?.pointer).startsWith(pointerTo(setting, '/settings'))).toBe(true);
        }
      }
    }
    expect(await world.query('select count(*) from sessions')).toEqual(before);
    expect((await ada.call(`/chat/sessions/${id}`)).body).toMatchObject({ settings: {}, version: 1 });
  }, 60_000);

  it('takes in a message what counts for a turn, for that turn only', async () => {
    const { session, say, close } = await doors();
    const settle = async () => {
      const [newest] = items(await ada.call(`/chat/sessions/${session}/messages?order=desc&limit=1`));
      await world.ended(ada, session, String(newest?.['run_id']));
    };
    const systemOf = (content: string) => {
      const { body } = world.model.request({ user: new RegExp(`^${content}$`) });
      const { messages, ...rest } = record(body);
      return [Array.isArray(messages) ? record(messages[0])['content'] : undefined, rest];
    };
    let n = 0;
    for (const probe of probes.filter(({ setting }) => setting.perTurn)) {
      for (const [name, door] of Object.entries(say)) {
        for (const value of probe.good) {
          n += 1;
          const taken = await door(`with ${n}`, layer(probe, value));
          expect([probe.setting.path, name, taken]).toEqual([probe.setting.path, name, null]);
          await settle();
        }
        await door(`without ${n}`, {});
        await settle();
        await door(`again without ${n}`, {});
        await settle();
        expect(systemOf(`without ${n}`)).toEqual(systemOf(`again without ${n}`));
      }
    }
    expect(n).toBeGreaterThan(60);
    expect((await ada.call(`/chat/sessions/${session}`)).body['settings']).toEqual({});
    close();
  }, 240_000);

  it('refuses in a message what counts for the session, and what lies outside; nothing is stored', async () => {
    const { session, say, close } = await doors();
    for (const { setting, good, bad } of probes) {
      const pointer = pointerTo(setting, '/context');
      for (const [name, door] of Object.entries(say)) {
        const tries = setting.perTurn
          ? bad.map(({ value, code }) => ({ value, code: String(code) }))
          : [{ value: good.at(-1), code: 'NOT_PER_TURN' }];
        for (const { value, code } of tries) {
          const refused = await door('never', layerOf(setting, value));
          expect([setting.path, name, refused?.errors.length]).toEqual([setting.path, name, 1]);
          const first = record(refused?.errors[0]);
          expect([setting.path, first['code']]).toEqual([setting.path, code]);
          expect(String(first['pointer']).startsWith(pointer)).toBe(true);
        }
      }
    }
    expect(items(await ada.call(`/chat/sessions/${session}/messages`))).toEqual([]);
    expect(world.model.requests()).toEqual([]);
    close();
  }, 120_000);
});
