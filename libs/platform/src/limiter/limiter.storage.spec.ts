import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { openLimiter } from './limiter.factory.js';
import { LimiterStorage } from './limiter.storage.js';

const config = { limits: { classes: { anonymous: { limit: 2, per_seconds: 60 } } } };

@Controller('odd')
class OddController {
  @Get()
  read(): object {
    return {};
  }
}

@Module({ controllers: [OddController], providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] })
class OddModule {}

async function serve(storage: LimiterStorage): Promise<NestExpressApplication> {
  const throttlers = [{ name: 'anonymous', ttl: 60_000, limit: 2 }];
  const testing = await Test.createTestingModule({
    imports: [ThrottlerModule.forRoot({ throttlers, storage }), OddModule],
  }).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('what the throttler counts', () => {
  it('is told to its callers and refused by the one limiter', async () => {
    const { limiter, metrics } = await openLimiter({ config });
    const app = await serve(new LimiterStorage(limiter));
    const ask = async () => {
      const { status, headers } = await fetch(`${await app.getUrl()}/odd`);
      return [status, headers.get('x-ratelimit-remaining-anonymous'), headers.get('retry-after-anonymous')];
    };
    expect(await ask()).toEqual([200, '1', null]);
    expect(await ask()).toEqual([200, '0', null]);
    const [status, , wait] = await ask();
    expect(status).toBe(429);
    expect(Number(wait)).toBeGreaterThan(50);
    expect((await metrics.expose()).text).toContain(
      'parley_rate_limit_rejections_total{class="anonymous",key="address"} 1',
    );
    await app.close();
  });

  it('counts together with what is asked of the limiter itself', async () => {
    const { limiter } = await openLimiter({ config });
    const storage = new LimiterStorage(limiter);
    const one = await storage.increment('somebody', 60_000, 2, 0, 'anonymous');
    expect(one).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    await limiter.consume('anonymous', 'somebody');
    expect(await storage.increment('somebody', 60_000, 2, 0, 'anonymous')).toMatchObject({
      totalHits: 3,
      isBlocked: true,
    });
    expect(await storage.increment('somebody else', 60_000, 2, 0, 'anonymous')).toMatchObject({ isBlocked: false });
  });

  it('is nothing where nothing is limited', async () => {
    const { limiter } = await openLimiter({ config: { limits: { enabled: false } } });
    const storage = new LimiterStorage(limiter);
    for (let calls = 0; calls < 5; calls += 1)
      expect(await storage.increment('somebody', 60_000, 2, 0, 'anonymous')).toMatchObject({
        totalHits: 0,
        isBlocked: false,
      });
  });

  it('fails where a throttler is no class of limits', async () => {
    const { limiter } = await openLimiter({ config });
    const storage = new LimiterStorage(limiter);
    await expect(storage.increment('somebody', 60_000, 2, 0, 'constructor')).rejects.toThrow('no limit class');
  });
});
