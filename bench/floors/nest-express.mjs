/**
 * The same floor on plain NestJS with Express: a controller, a guard, a service, and nothing else.
 * Environment: as in `node-http.mjs`. Written without TypeScript, so decorators are applied by hand.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Module, Param, Post, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import pg from 'pg';
import { ask } from './ask.mjs';

const { DATABASE_URL, JWT_SECRET } = process.env;
const INSERT = {
  name: 'insert_message',
  text: 'insert into messages (id, session_id, user_id, role, content, created_at) values ($1, $2, $3, $4, $5, now())',
};

class TurnsService {
  pool = new pg.Pool({ connectionString: DATABASE_URL, max: 7 });

  async turn(userId, sessionId, content) {
    const common = { session_id: sessionId, user_id: userId };
    const message = { id: randomUUID(), ...common, role: 'user', content };
    await this.insert(message);
    const response = { id: randomUUID(), ...common, role: 'assistant', content: await ask(content) };
    await this.insert(response);
    return { message, response };
  }

  insert({ id, session_id, user_id, role, content }) {
    return this.pool.query({ ...INSERT, values: [id, session_id, user_id, role, content] });
  }
}

class BearerGuard {
  constructor(tokens) {
    this.tokens = tokens;
  }

  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    request.user = await this.tokens.verifyAsync(token).catch((cause) => {
      throw new UnauthorizedException(undefined, { cause });
    });
    return true;
  }
}
Reflect.defineMetadata('design:paramtypes', [JwtService], BearerGuard);

class TurnsController {
  constructor(turns) {
    this.turns = turns;
  }

  send(request, sessionId, body) {
    return this.turns.turn(request.user.sub, sessionId, body.content);
  }
}
Reflect.defineMetadata('design:paramtypes', [TurnsService], TurnsController);
Reflect.defineMetadata('design:paramtypes', [Object, String, Object], TurnsController.prototype, 'send');
const send = Object.getOwnPropertyDescriptor(TurnsController.prototype, 'send');
for (const decorator of [Post(':session_id/messages'), HttpCode(201), UseGuards(BearerGuard)]) {
  decorator(TurnsController.prototype, 'send', send);
}
for (const [index, decorator] of [Req(), Param('session_id'), Body()].entries()) {
  decorator(TurnsController.prototype, 'send', index);
}
Controller('sessions')(TurnsController);

class AppModule {}
Module({
  imports: [JwtModule.register({ secret: JWT_SECRET, verifyOptions: { algorithms: ['HS256'] } })],
  controllers: [TurnsController],
  providers: [TurnsService, BearerGuard],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
console.log(`floor on ${await app.getUrl()}`);
process.once('SIGTERM', () => process.exit(0));
