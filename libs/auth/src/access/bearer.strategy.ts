import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request, RequestHandler } from 'express';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { TokenService } from '../tokens/token.service.js';
import type { Actor } from './actor.js';
import { Authenticator } from './authenticator.js';

export const BEARER = 'bearer';

type Passport = passport.Authenticator<RequestHandler, RequestHandler>;

/** Only the header: a token in a query string or a body never authenticates. */
const readToken = ExtractJwt.fromAuthHeaderAsBearerToken();

/**
 * passport-jwt checks the signature of a token that this process sees for the first time, with the key
 * that the token names; one it has seen goes straight to the read of its login.
 */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy, BEARER) {
  /** Of this application alone: two nodes in one process must not answer for each other. */
  private registry: Passport | undefined;

  constructor(
    private readonly tokens: TokenService,
    private readonly authenticator: Authenticator,
  ) {
    super({
      jwtFromRequest: readToken,
      secretOrKeyProvider: (
        _request: Request,
        token: string,
        done: (error: unknown, key?: string | Buffer) => void,
      ) => {
        tokens.keyFor(token).then(({ key }) => done(null, key), done);
      },
      passReqToCallback: true,
      ...tokens.checks(),
    });
  }

  getPassportInstance(): Passport {
    this.registry ??= new passport.Passport();
    return this.registry;
  }

  override authenticate(request: Request, options?: unknown): void {
    this.recall(request)
      .then((actor) => {
        if (actor === undefined) super.authenticate(request, options);
        else this.success(actor);
      })
      .catch((error: unknown) =>
        this.error(error instanceof Error ? error : new Error('not an error', { cause: error })),
      );
  }

  /** Called by passport-jwt with the payload under a right signature. */
  validate(request: Request, payload: unknown): Promise<Actor> {
    return this.authenticator.actorOf(this.tokens.accept(readToken(request) ?? '', payload));
  }

  private async recall(request: Request): Promise<Actor | undefined> {
    const token = readToken(request);
    const known = token === null ? undefined : this.tokens.recall(token);
    return known && (await this.authenticator.actorOf(known));
  }
}
