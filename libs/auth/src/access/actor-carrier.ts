import type { Actor } from './actor.js';

/** Actors by the request or connection that they came in with, gone when that is gone. */
const actors = new WeakMap<object, Actor>();

/** Says who a request or a connection is: called by whoever authenticated it. */
export function carryActor(carrier: object, actor: Actor): void {
  actors.set(carrier, actor);
}

/** Who came in with this request or connection; undefined before authentication and on open routes. */
export function actorOf(carrier: unknown): Actor | undefined {
  return typeof carrier === 'object' && carrier !== null ? actors.get(carrier) : undefined;
}
