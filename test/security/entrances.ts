import type { INestApplication } from '@nestjs/common';
import { AccessMap } from '@parley/auth';

const WAYS = new Set(['get', 'post', 'put', 'patch', 'delete']);

/** Every way in that the running application tells of, from three sources that know nothing of each other. */
export interface Entrances {
  /** `GET /path/{member}` as the served OpenAPI document names them. */
  readonly documented: readonly string[];
  /** The same as Express's router has them. */
  readonly routed: readonly string[];
  /** Handlers that the access map knows, as `GET /path/{member}` without prefix or `EVENT name`. */
  readonly mapped: readonly string[];
  /** Frames and events of clients as the served AsyncAPI document names them: `EVENT name`, `FRAME name`. */
  readonly messages: readonly string[];
}

export async function entrancesOf(app: INestApplication, url: string): Promise<Entrances> {
  return {
    documented: documented(await json(`${url}/openapi.json`)),
    routed: routed(app),
    mapped: app
      .get(AccessMap)
      .all()
      .flatMap(({ method, paths }) => paths.map((path) => `${method} ${braces(path)}`)),
    messages: messages(await json(`${url}/asyncapi.json`)),
  };
}

function documented(document: Record<string, unknown>): string[] {
  return entries(document['paths']).flatMap(([path, operations]) =>
    entries(operations).flatMap(([method]) => (WAYS.has(method) ? [`${method.toUpperCase()} ${path}`] : [])),
  );
}

/** Nest puts catch-alls of its own, which take every method, behind routes that lie outside of the prefix. */
function routed(app: INestApplication): string[] {
  const stack: unknown = member(member(app.getHttpAdapter().getInstance(), 'router'), 'stack');
  const layers: unknown[] = Array.isArray(stack) ? stack : [];
  return layers.flatMap((layer) => {
    const route = member(layer, 'route');
    const methods = entries(member(route, 'methods')).map(([method]) => method);
    if (methods.length > WAYS.size) return [];
    const paths: unknown[] = [member(route, 'path')].flat();
    return paths.flatMap((path) =>
      methods.flatMap((method) =>
        typeof path === 'string' && WAYS.has(method) ? [`${method.toUpperCase()} ${braces(path)}`] : [],
      ),
    );
  });
}

function messages(document: Record<string, unknown>): string[] {
  const kinds: Readonly<Record<string, string>> = { socketio: 'EVENT', websocket: 'FRAME' };
  return entries(document['channels']).flatMap(([channel, { messages }]) =>
    entries(messages).flatMap(([name]) => {
      const [side, kind] = name.split('.');
      return side === 'client' ? [`${kinds[channel] ?? channel} ${kind}`] : [];
    }),
  );
}

const braces = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

function entries(value: unknown): [string, Record<string, unknown>][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' || typeof value === 'function'
    ? value === null
      ? undefined
      : Reflect.get(value, name)
    : undefined;
}

async function json(address: string): Promise<Record<string, unknown>> {
  const response = await fetch(address);
  if (response.status !== 200) throw new Error(`${address} answered ${response.status}`);
  const document: unknown = await response.json();
  return Object.fromEntries(entries(document));
}
