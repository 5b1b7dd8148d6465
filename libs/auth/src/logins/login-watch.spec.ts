import { Logger } from '@nestjs/common';
import { ProcessBus } from '@parley/platform/bus';
import { SettableClock } from '@parley/platform/clock';
import type { Actor } from '../access/actor.js';
import { systemActor } from '../access/actor.js';
import { type Entry, StandingRepository } from '../access/standing.repository.js';
import { LoginWatch } from './login-watch.js';

const actor = (loginId: string | null, signingKeyId: string | null = null): Actor => ({
  ...systemActor('org_1', []),
  kind: 'user',
  loginId,
  signingKeyId,
});

const REVOKED = 'sgk_revoked';

describe('LoginWatch', () => {
  const bus = new ProcessBus();
  const standing = new Set<string>();
  const asked: string[][] = [];
  let away = false;
  const repository: StandingRepository = Object.create(StandingRepository.prototype);
  jest.spyOn(repository, 'standing').mockImplementation((_, entries) => {
    asked.push(entries.map(({ loginId }) => loginId));
    if (away) return Promise.reject(new Error('away'));
    const stands = ({ loginId, signingKeyId }: Entry) => standing.has(loginId) && signingKeyId !== REVOKED;
    return Promise.resolve(new Set(entries.filter(stands)));
  });
  let watch: LoginWatch;
  let ended: string[];
  const follow = (loginId: string, name = loginId) => watch.watch(actor(loginId), () => ended.push(name));

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    jest.useFakeTimers();
    away = false;
    ended = [];
    asked.length = 0;
    for (const id of ['lgn_a', 'lgn_b']) standing.add(id);
    watch = new LoginWatch(bus, repository, new SettableClock(0));
    watch.onModuleInit();
  });
  afterEach(() => {
    watch.onApplicationShutdown();
    jest.useRealTimers();
  });

  it('tells every connection of an ended login at once, and once', () => {
    follow('lgn_a', 'first');
    follow('lgn_a', 'second');
    follow('lgn_b');
    watch.announce(['lgn_a']);
    watch.announce(['lgn_a']);
    expect(ended).toEqual(['first', 'second']);
  });

  it('tells nobody who has left', () => {
    const leave = follow('lgn_a', 'first');
    follow('lgn_a', 'second');
    leave();
    leave();
    watch.announce(['lgn_a']);
    expect(ended).toEqual(['second']);
  });

  it('tells the others when one cannot be told', () => {
    watch.watch(actor('lgn_a'), () => {
      throw new Error('already closed');
    });
    follow('lgn_a', 'second');
    watch.announce(['lgn_a']);
    expect(ended).toEqual(['second']);
  });

  it('asks about all watched logins in one statement every two seconds', async () => {
    follow('lgn_a');
    follow('lgn_b');
    standing.delete('lgn_b');
    await jest.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual([['lgn_a', 'lgn_b']]);
    expect(ended).toEqual(['lgn_b']);
    await jest.advanceTimersByTimeAsync(2000);
    expect(asked.at(-1)).toEqual(['lgn_a']);
  });

  it('tells those whose key was revoked, and no others of their login', async () => {
    watch.watch(actor('lgn_a', REVOKED), () => ended.push('old'));
    watch.watch(actor('lgn_a', 'sgk_stands'), () => ended.push('young'));
    await jest.advanceTimersByTimeAsync(2000);
    expect(ended).toEqual(['old']);
  });

  it('asks once for all the connections of a login', async () => {
    for (const name of ['first', 'second', 'third']) follow('lgn_a', name);
    await jest.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual([['lgn_a']]);
    standing.delete('lgn_a');
    await jest.advanceTimersByTimeAsync(2000);
    expect(ended).toEqual(['first', 'second', 'third']);
  });

  it('asks nothing while nobody is there', async () => {
    follow('lgn_a')();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual([]);
  });

  it('asks at once when a message has no names, and when the line is in doubt', async () => {
    follow('lgn_b');
    standing.delete('lgn_b');
    bus.publish('logins', { wake: 1 });
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual(['lgn_b']);
  });

  it('keeps connections while the database is away, and asks again', async () => {
    follow('lgn_b');
    standing.delete('lgn_b');
    away = true;
    await jest.advanceTimersByTimeAsync(2000);
    expect(ended).toEqual([]);
    away = false;
    await jest.advanceTimersByTimeAsync(2000);
    expect(ended).toEqual(['lgn_b']);
  });

  it('has nothing to watch for an actor without a login', () => {
    expect(watch.watch(actor(null), () => ended.push('x'))()).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });
});
