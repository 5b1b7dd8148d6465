import { SetMetadata } from '@nestjs/common';
import type { LimitClassName } from '../config/index.js';

/** Metadata of a handler or controller: in which class its calls count, and who counts them. */
export const LIMIT_CLASS = 'parley:limit-class';

export interface RouteLimit {
  readonly name: LimitClassName;
  /**
   * `edge`: before the handler, by address or principal. `service`: by the service itself, because
   * something else comes first (a lock) or only it knows whom the call counts for (a recipient).
   */
  readonly countedBy: 'edge' | 'service';
}

/**
 * Names the limit class of a route (the most specific wins: handler before controller). Without it a
 * signed-in call counts as `read` or `write` by its method and an anonymous one as `anonymous`.
 */
export const LimitClass = (
  name: LimitClassName,
  countedBy: RouteLimit['countedBy'] = 'edge',
): ClassDecorator & MethodDecorator => SetMetadata(LIMIT_CLASS, { name, countedBy } satisfies RouteLimit);
