import { Writable } from 'node:stream';
import type pg from 'pg';

/** The socket below a client, which node-postgres does not declare. */
export function wireOf(client: pg.ClientBase): Writable | undefined {
  const connection: unknown = Reflect.get(client, 'connection');
  const stream: unknown =
    typeof connection === 'object' && connection !== null ? Reflect.get(connection, 'stream') : undefined;
  return stream instanceof Writable ? stream : undefined;
}
