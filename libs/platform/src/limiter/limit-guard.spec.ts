import { Controller, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ConfigModule, configSchema } from '../config/index.js';
import { MetricsModule } from '../observability/index.js';
import { LimiterModule, LimitGuardModule } from './index.js';

@Controller()
class NoController {}

@Module({ providers: [{ provide: APP_GUARD, useValue: { canActivate: () => true } }] })
class SaysWhoModule {}

async function start(guards: readonly (typeof SaysWhoModule | typeof LimitGuardModule)[]): Promise<void> {
  const testing = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(configSchema.parse({})),
      MetricsModule.forRoot(NoController),
      LimiterModule,
      ...guards,
    ],
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  await app.init();
  await app.close();
}

it('starts only behind whatever says who is asking', async () => {
  await expect(start([SaysWhoModule, LimitGuardModule])).resolves.toBeUndefined();
  await expect(start([LimitGuardModule, SaysWhoModule])).rejects.toThrow('LimitGuardModule has to be imported after');
});
