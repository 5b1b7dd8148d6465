import { Controller, type ExecutionContext, Get, Injectable } from '@nestjs/common';
import { DiscoveryModule, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Metrics } from '@parley/platform/observability';
import { Registry } from 'prom-client';
import { AuthMetrics } from '../auth.metrics.js';
import { Public, Requires, SignedIn } from './access.decorators.js';
import { AccessGuard } from './access.guard.js';
import { AccessMap } from './access-map.js';
import { systemActor } from './actor.js';
import { carryActor } from './actor-carrier.js';
import { BearerStrategy } from './bearer.strategy.js';

@WebSocketGateway()
class ChattyGateway {
  @SubscribeMessage('say')
  @Requires('message:send')
  say(): void {}

  @SubscribeMessage('look')
  @Public()
  look(): void {}

  afterInit(): void {}
}

@Controller(['a', 'b'])
@SignedIn()
class PolitelyController {
  @Get(['one', '/two/'])
  read(): void {}

  @Get(':id')
  @Public()
  readOne(): void {}
}

@WebSocketGateway()
class ForgetfulGateway {
  @SubscribeMessage('say')
  say(): void {}
}

@Injectable()
class NoDoor {
  say(): void {}
}

describe('AccessMap', () => {
  const open = async (...providers: (new () => object)[]) => {
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      controllers: [PolitelyController],
      providers: [AccessMap, NoDoor, ...providers],
    }).compile();
    await module.init();
    return module.get(AccessMap).all();
  };

  it('lists routes and events with all their addresses', async () => {
    expect(await open(ChattyGateway)).toEqual([
      {
        method: 'GET',
        paths: ['/a/one', '/a/two', '/b/one', '/b/two'],
        handler: 'PolitelyController.read',
        access: 'signed-in',
      },
      { method: 'GET', paths: ['/a/:id', '/b/:id'], handler: 'PolitelyController.readOne', access: 'public' },
      { method: 'EVENT', paths: ['say'], handler: 'ChattyGateway.say', access: 'message:send' },
      { method: 'EVENT', paths: ['look'], handler: 'ChattyGateway.look', access: 'public' },
    ]);
  });

  it('does not let an application start with an event that declares nothing', async () => {
    await expect(open(ChattyGateway, ForgetfulGateway)).rejects.toThrow('closed by default: ForgetfulGateway.say');
  });
});

describe('AccessGuard before socket events', () => {
  const metrics = new AuthMetrics(new Metrics(new Registry()));
  const bearer: BearerStrategy = Object.create(BearerStrategy.prototype);
  const guard = new AccessGuard(new Reflector(), bearer, metrics);
  const event = (gateway: new () => object, name: string, client: object): ExecutionContext =>
    Object.assign(Object.create(null), {
      getClass: () => gateway,
      getHandler: () => Reflect.get(gateway.prototype, name),
      getType: () => 'ws',
      switchToWs: () => ({ getClient: () => client }),
    });

  it('lets in whoever the connection was authenticated for', () => {
    const client = {};
    carryActor(client, systemActor('org_1', []));
    expect(guard.canActivate(event(ChattyGateway, 'say', client))).toBe(true);
  });

  it('refuses a connection that nobody authenticated, but for open events', () => {
    expect(() => guard.canActivate(event(ChattyGateway, 'say', {}))).toThrow('This needs a signed-in principal.');
    expect(guard.canActivate(event(ChattyGateway, 'look', {}))).toBe(true);
  });

  it('refuses what declares nothing, should it ever get there', () => {
    expect(() => guard.canActivate(event(ForgetfulGateway, 'say', {}))).toThrow(
      'ForgetfulGateway.say declares no access',
    );
  });
});
