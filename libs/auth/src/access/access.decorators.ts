import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ROUTE_ACCESS } from '@parley/platform/http';
import type { Actor } from './actor.js';
import { actorOf } from './actor-carrier.js';
import { isPermission, type Permission } from './permissions.js';

/**
 * Who may come to a handler:
 * - `public`: anybody; no token is looked at
 * - `recognised`: anybody; who sends a token is known by it, and it has to be right
 * - `signed-in`: any principal, on its own things
 * - a permission: principals that hold it
 */
export type Access = 'public' | 'recognised' | 'signed-in' | Permission;

export function isAccess(value: unknown): value is Access {
  if (value === 'public' || value === 'recognised' || value === 'signed-in') return true;
  return typeof value === 'string' && isPermission(value);
}

const declare = (access: Access): MethodDecorator & ClassDecorator => SetMetadata(ROUTE_ACCESS, access);

/** Open: answers without a principal, and looks at no token. */
export const Public = (): MethodDecorator & ClassDecorator => declare('public');

/** Open, but says more to whoever sends a right token. A wrong one is refused. */
export const Recognised = (): MethodDecorator & ClassDecorator => declare('recognised');

/** For any signed-in principal, on its own things: its profile, its own sign-out. */
export const SignedIn = (): MethodDecorator & ClassDecorator => declare('signed-in');

/** For principals that hold the permission; whose objects they reach is the repository's matter. */
export const Requires = (permission: Permission): MethodDecorator & ClassDecorator => declare(permission);

/** The actor that the guard authenticated. On a `@Public()` route there is none: asking for it is a mistake. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const actor = actorIn(context);
  if (actor === undefined) throw new Error('no actor here: the handler is open, or the guard was bypassed');
  return actor;
});

/** On a `@Recognised()` route: the actor, or undefined for whoever sent no token. */
export const RecognisedActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor | undefined =>
  actorIn(context),
);

function actorIn(context: ExecutionContext): Actor | undefined {
  const carrier: unknown =
    context.getType() === 'http' ? context.switchToHttp().getRequest() : context.switchToWs().getClient();
  return actorOf(carrier);
}
