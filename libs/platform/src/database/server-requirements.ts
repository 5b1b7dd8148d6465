import type pg from 'pg';

const OLDEST_VERSION = 150_000;

export interface ServerFacts {
  readonly version: number;
  readonly role: string;
  readonly superuser: boolean;
  readonly bypassesPolicies: boolean;
  /** Tables of the current schema that the role owns, itself or through membership. */
  readonly ownedTables: number;
}

/** What must be known of server and role before anything is stored there. */
export async function readServerFacts(client: pg.ClientBase | pg.Pool): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(
    `select current_setting('server_version_num')::int as version, current_user as role,
       r.rolsuper as superuser, r.rolbypassrls as "bypassesPolicies",
       (select count(*)::int from pg_class c
        where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
          and pg_has_role(current_user, c.relowner, 'USAGE')) as "ownedTables"
     from pg_roles r where r.rolname = current_user`,
  );
  const facts = rows[0];
  if (facts === undefined) throw new Error('the server does not know who is connected');
  return facts;
}

/** Why this server cannot be used at all; null when it can. */
export function refuseVersion({ version }: ServerFacts): string | null {
  if (version >= OLDEST_VERSION) return null;
  return `The PostgreSQL server has version ${Math.floor(version / 10_000)}; 15 or newer is needed.`;
}

/** What is wrong with the application's role: production refuses it, elsewhere it is said. */
export function weakWalls(facts: ServerFacts, oneRole: boolean): string[] {
  const walls: string[] = [];
  if (facts.superuser) walls.push(`the role ${facts.role} is a superuser`);
  else if (facts.bypassesPolicies) walls.push(`the role ${facts.role} bypasses row-level security`);
  if (oneRole)
    walls.push(`the role ${facts.role} also runs the migrations: set DATABASE_MIGRATION_URL to another role`);
  else if (!facts.superuser && facts.ownedTables > 0) walls.push(`the role ${facts.role} owns tables`);
  return walls;
}
