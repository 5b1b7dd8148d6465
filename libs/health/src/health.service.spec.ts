import { Injectable, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { configSchema } from '@parley/platform/config';
import { Drain, type HealthIndicator, type HealthState } from '@parley/platform/lifecycle';
import { HealthService, INDICATORS } from './health.service.js';

let database: HealthState;
let models: HealthState;

@Injectable()
class FakeDatabase implements HealthIndicator {
  readonly name = 'database';
  readonly critical = true;
  check(): Promise<HealthState> {
    return Promise.resolve(database);
  }
}

@Injectable()
class FakeModels implements HealthIndicator {
  readonly name = 'models';
  readonly aliases = ['llm'];
  readonly critical = false;
  check(): Promise<HealthState> {
    return Promise.resolve(models);
  }
}

@Module({ providers: [FakeModels], exports: [FakeModels] })
class ModelsModule {}

async function open(): Promise<{ health: HealthService; drain: Drain }> {
  const drain = new Drain(configSchema.parse({}));
  const module = await Test.createTestingModule({
    imports: [TerminusModule.forRoot({ logger: false }), ModelsModule],
    providers: [
      FakeDatabase,
      HealthService,
      { provide: Drain, useValue: drain },
      { provide: INDICATORS, useValue: [FakeDatabase, FakeModels] },
    ],
  }).compile();
  await module.init();
  return { health: module.get(HealthService), drain };
}

describe('HealthService', () => {
  beforeEach(() => {
    database = { status: 'up' };
    models = { status: 'up' };
  });

  it('is ok when everything is up, and shows each check under all its names, in the order given', async () => {
    const { health } = await open();
    const whole = await health.whole();
    expect(whole).toEqual({
      status: 'ok',
      draining: false,
      checks: { database: { status: 'up' }, models: { status: 'up' }, llm: { status: 'up' } },
    });
    expect(Object.keys(whole.checks)).toEqual(['database', 'models', 'llm']);
  });

  it('is degraded when something is, or when something not critical is down; and still ready', async () => {
    models = { status: 'down', reason: 'the provider refuses' };
    const { health } = await open();
    expect(await health.whole()).toMatchObject({
      status: 'degraded',
      checks: { llm: { status: 'degraded', reason: 'the provider refuses' } },
    });
    expect(await health.readiness()).toEqual({
      status: 'ok',
      draining: false,
      checks: { database: { status: 'up' } },
    });
  });

  it('is an error, and not ready, when something critical is down', async () => {
    database = { status: 'down', reason: 'the database does not answer' };
    const { health } = await open();
    expect(await health.whole()).toMatchObject({ status: 'error', checks: { database, models: { status: 'up' } } });
    expect(await health.readiness()).toMatchObject({ status: 'error', checks: { database } });
  });

  it('is not ready while it leaves, however well it is', async () => {
    const { health, drain } = await open();
    await drain.run();
    expect(await health.readiness()).toMatchObject({ status: 'error', draining: true });
    expect(await health.whole()).toMatchObject({ status: 'degraded', draining: true });
  });
});
