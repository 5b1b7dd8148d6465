import { ProcessBus } from '@parley/platform/bus';
import { deltaOf, eventOf, SESSION } from '../readers/reader.factory.js';
import {
  announceEvents,
  announceGone,
  announceSignal,
  announceWake,
  type Heard,
  hear,
  sessionChannel,
} from './session-channel.js';

describe('the channel of a session', () => {
  const bus = new ProcessBus();
  const heard: Heard[] = [];
  bus.subscribe(sessionChannel(SESSION), (message, origin) => heard.push(hear(message, origin)));
  beforeEach(() => heard.splice(0));

  it('carries events to this process, and their number', () => {
    announceEvents(bus, SESSION, 5, [eventOf(5)]);
    announceWake(bus, SESSION, 6);
    expect(heard).toEqual([{ wake: 5, fresh: [eventOf(5)] }, { wake: 6 }]);
  });

  it('carries signals', () => {
    announceSignal(bus, SESSION, { kind: 'delta', delta: deltaOf(0, 'a') });
    announceGone(bus, SESSION);
    expect(heard).toEqual([{ signal: { kind: 'delta', delta: deltaOf(0, 'a') } }, { signal: { kind: 'gone' } }]);
  });

  it.each([
    [{ kind: 'delta', delta: deltaOf(3, 'x') }],
    [{ kind: 'gone' }],
    [{ kind: 'typing', principalId: 'usr_1', isTyping: false }],
  ])('reads %j from another node', (body) => {
    expect(hear({ body: JSON.parse(JSON.stringify(body)) }, 'remote')).toEqual({ signal: body });
  });

  it.each([[{ kind: 'delta', delta: { ...deltaOf(3, 'x'), offset: 1.5 } }], [{ kind: 'boom' }], ['gone'], [null], [7]])(
    'does not read %j',
    (body) => {
      expect(hear({ body, wake: 3 }, 'remote')).toEqual({ wake: 3 });
    },
  );
});
