import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Actor } from './actor.js';
import { actorOf } from './actor-carrier.js';
import type { Permission } from './permissions.js';

/** Who may come to a handler: anybody, whoever is signed in, or who holds a permission. */
export type Access = 'public' | 'signed-in' | Permission;

export const ACCESS = 'parley:access';

/** Open: answers without a principal, and looks at no token. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS, 'public' satisfies Access);

/** For any signed-in principal, on its own things: its profile, its own sign-out. */
export const SignedIn = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS, 'signed-in' satisfies Access);

/** For principals that hold the permission; whose objects they reach is the repository's matter. */
export const Requires = (permission: Permission): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, permission satisfies Access);

/** The actor that the guard authenticated. On a `@Public()` route there is none: asking for it is a mistake. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const carrier: unknown =
    context.getType() === 'http' ? context.switchToHttp().getRequest() : context.switchToWs().getClient();
  const actor = actorOf(carrier);
  if (actor === undefined) throw new Error('no actor here: the handler is public, or the guard was bypassed');
  return actor;
});
