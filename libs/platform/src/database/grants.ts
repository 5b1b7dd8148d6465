import type pg from 'pg';

/** Tables in which the application may only read: they say what the schema is. */
const READ_ONLY = new Set(['migrations', 'migrations_lock', 'migration_checksums']);

interface Relation {
  schema: string;
  name: string;
  kind: 'table' | 'sequence';
}

/**
 * Lets the application's role use the owner's tables and sequences in the current schema and in `schemas`,
 * and change no structure. Repeatable. Run by the owner; what others own there is left alone.
 */
export async function grantToApplication(
  owner: pg.ClientBase,
  role: string,
  schemas: readonly string[],
): Promise<void> {
  const { rows } = await owner.query<Relation>(
    `select n.nspname as schema, c.relname as name, case c.relkind when 'S' then 'sequence' else 'table' end as kind
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'S') and pg_get_userbyid(c.relowner) = current_user
       and (n.nspname = current_schema() or n.nspname = any ($1))`,
    [schemas],
  );
  const grantee = quote(role);
  const statements = rows.map((relation) => grantOn(relation, grantee));
  for (const schema of await closedSchemas(owner, role, schemas)) {
    statements.push(`grant usage on schema ${quote(schema)} to ${grantee}`);
  }
  if (statements.length > 0) await owner.query(`begin; ${statements.join('; ')}; commit`);
}

async function closedSchemas(owner: pg.ClientBase, role: string, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await owner.query<{ schema: string }>(
    `select nspname as schema from pg_namespace
     where (nspname = current_schema() or nspname = any ($1)) and not has_schema_privilege($2, oid, 'usage')`,
    [schemas, role],
  );
  return rows.map(({ schema }) => schema);
}

function grantOn({ schema, name, kind }: Relation, grantee: string): string {
  const target = `${quote(schema)}.${quote(name)}`;
  if (kind === 'sequence') return `grant usage, select on sequence ${target} to ${grantee}`;
  if (READ_ONLY.has(name)) return `grant select on ${target} to ${grantee}`;
  return `grant select, insert, update, delete on ${target} to ${grantee}`;
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
