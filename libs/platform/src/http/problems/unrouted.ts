import type { Request, Response } from 'express';
import { platformErrors } from '../../errors/index.js';
import { pathOf } from '../edge/request-facts.js';
import { answerProblem } from './answer-problem.js';

interface RouteLayer {
  readonly methods: object;
  matches(path: string): boolean;
}

/** Express's router keeps its routes in a stack that its types do not show. */
function routeLayers(router: unknown): RouteLayer[] {
  const stack: unknown = member(router, 'stack');
  return Array.isArray(stack) ? stack.flatMap((layer: unknown) => routeLayer(layer) ?? []) : [];
}

function routeLayer(layer: unknown): RouteLayer | undefined {
  const methods = member(member(layer, 'route'), 'methods');
  const match = member(layer, 'match');
  if (typeof methods !== 'object' || methods === null || typeof match !== 'function') return undefined;
  return { methods, matches: (path) => Boolean(Reflect.apply(match, layer, [path])) };
}

function member(value: unknown, name: string): unknown {
  const holder = typeof value === 'object' || typeof value === 'function' ? value : null;
  return holder === null ? undefined : Reflect.get(holder, name);
}

/** The methods that some route takes at this path, for `Allow`. */
export function allowedMethods(router: unknown, path: string): string[] {
  const methods = new Set<string>();
  for (const layer of routeLayers(router)) {
    const names = Object.keys(layer.methods);
    // Nest's own catch-all behind routes that lie outside of its prefix takes every method there is.
    if (names.includes('_all') || names.includes('trace') || !safely(() => layer.matches(path))) continue;
    for (const name of names) methods.add(name.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].sort();
}

/** A path that cannot be decoded matches nothing. */
function safely(matches: () => boolean): boolean {
  try {
    return matches();
  } catch (error) {
    if (error instanceof Error && 'status' in error) return false;
    throw error;
  }
}

/** For addresses that no route takes: 405 where another method would do, 204 to OPTIONS, else 404. */
export function answerUnrouted(request: Request, response: Response): void {
  const allowed = allowedMethods(request.app.router, pathOf(request.originalUrl));
  if (allowed.length === 0) {
    answerProblem(request, response, platformErrors.NOT_FOUND());
    return;
  }
  const allow = allowed.join(', ');
  if (request.method === 'OPTIONS') {
    response.setHeader('Allow', allow);
    response.statusCode = 204;
    response.end();
    return;
  }
  answerProblem(request, response, platformErrors.METHOD_NOT_ALLOWED({ headers: { Allow: allow } }));
}
