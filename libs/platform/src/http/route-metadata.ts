import { SetMetadata } from '@nestjs/common';

/** The key under which the authentication guard finds who may come to a route. */
export const ROUTE_ACCESS = 'parley:access';

/** For the few routes that the platform itself serves to anybody: documents and explanations of problems. */
export const OpenRoute = (): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_ACCESS, 'public');

/**
 * What a route takes, gives and may last, where that differs from JSON in, JSON out, `http.request_timeout_seconds`.
 */
export interface RouteTraits {
  /** Media types of bodies besides `application/json`; their bytes reach the handler unread. */
  readonly consumes?: readonly string[];
  /** Media types that the route can answer with; default `application/json`. */
  readonly produces?: readonly string[];
  /** The route streams or waits for a model: no time limit of the edge. */
  readonly unhurried?: boolean;
}

export const ROUTE_TRAITS = 'parley:route-traits';

/** The key of a body that a route takes as it stands. */
export const REQUEST_EXAMPLE = 'parley:request-example';

export const Traits = (traits: RouteTraits): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_TRAITS, traits);
