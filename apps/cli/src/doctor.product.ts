import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { AccountsService, IdentityModule, INSTALLATION } from '@parley/auth';
import { type CatalogueDescription, LlmHealth, LlmModule, ModelCatalogue, PRICES_AS_OF, PriceList } from '@parley/llm';
import { Clock } from '@parley/platform/clock';
import type { Config } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { JobAdmin, JobsModule } from '@parley/platform/jobs';
import { withApplication } from './application.js';
import { type Finding, failed, ok, skipped, warning } from './finding.js';
import { ground } from './ground.js';
import type { World } from './world.js';

/** A job that has been ready for so long finds nobody to work it. */
const LONG_WAIT_SECONDS = 60;

/** Providers change their prices about so often. */
const OLDEST_PRICES_DAYS = 180;
const DAY_MS = 86_400_000;
/** The built-in responder: free for ever. */
const OFFLINE = 'offline';

type Imports = readonly (Type<unknown> | DynamicModule)[];

/** What needs a migrated database: keys, models, accounts, jobs. Each opens what it needs and no more. */
export async function examineProduct(world: World, config: Config): Promise<Finding[]> {
  const examine = (name: string, imports: Imports, look: (app: INestApplicationContext) => Promise<Finding>) =>
    withApplication(world, { config, imports, prepared: false }, look).catch((error: unknown) =>
      failed(name, error instanceof Error ? error.message : String(error)),
    );
  // Opening the key ring proves that the keys which the database names are here and fit.
  const keys = await examine('keys', [CryptoModule], async () => ok('keys', describeKeySource(config)));
  const accounts = [...ground(), CryptoModule, IdentityModule];
  return [
    keys,
    await examine('models', [...ground(), LlmModule], async (app) => judgeModels(app.get(LlmHealth))),
    await examine('prices', [...ground(), LlmModule], async (app) =>
      judgePrices(app.get(ModelCatalogue).describe(), app.get(PriceList), app.get(Clock).now()),
    ),
    keys.status === 'ok'
      ? await examine('administrator', accounts, (app) => judgeAdministrator(app.get(AccountsService)))
      : skipped('administrator', 'needs the keys'),
    await examine('jobs', [...ground(), JobsModule.forRoot({ work: false })], (app) => judgeJobs(app.get(JobAdmin))),
  ];
}

function describeKeySource({ keys }: Config): string {
  const fromFile = keys.source === 'file' || (keys.source === null && keys.kek === null);
  return fromFile
    ? 'the key-encryption key is in the data directory: without a copy of it the data are lost'
    : 'the key-encryption key comes from the environment';
}

function judgeModels(health: LlmHealth): Finding {
  const { status, reason, models } = health.modelsHealth();
  const detail = reason ?? models.join(', then ');
  if (status === 'ok' && reason === undefined) return ok('models', detail);
  return warning('models', detail, 'Set OPENAI_API_KEY, OLLAMA_BASE_URL or another provider.');
}

/** Costs are only as right as the price list: it is dated, and does not know every model. */
export function judgePrices({ roles }: Pick<CatalogueDescription, 'roles'>, prices: PriceList, now: Date): Finding {
  // What a server of one's own serves is not known before it is asked.
  const models = [...new Set(Object.values(roles).flat())].filter((model) => !model.endsWith(':*'));
  const unknown = models.filter((model) => prices.priceOf(model) === null);
  if (unknown.length > 0)
    return warning('prices', `not known of ${unknown.join(', ')}: what they cost is not counted`, 'Set models.prices.');
  const days = Math.floor((now.getTime() - Date.parse(PRICES_AS_OF)) / DAY_MS);
  const old = days > OLDEST_PRICES_DAYS && models.some((model) => model !== OFFLINE && prices.isFromTable(model));
  if (!old) return ok('prices', `of ${PRICES_AS_OF}, and what models.prices says`);
  return warning('prices', `of ${PRICES_AS_OF}, ${days} days ago`, 'Install a newer version, or set models.prices.');
}

async function judgeAdministrator(accounts: AccountsService): Promise<Finding> {
  if (await accounts.hasAdmin(INSTALLATION)) return ok('administrator', 'there is one who can sign in');
  return warning('administrator', 'nobody administers this installation', 'parley user create-admin --email …');
}

async function judgeJobs(jobs: JobAdmin): Promise<Finding> {
  const counts = await jobs.list(INSTALLATION);
  const dead = counts.reduce((sum, each) => sum + each.dead, 0);
  const late = counts.filter(({ oldestWaitingSeconds: oldest }) => oldest !== null && oldest > LONG_WAIT_SECONDS);
  if (dead > 0) return warning('jobs', `${dead} failed for good`, 'parley jobs dead; parley jobs retry');
  if (late.length === 0) return ok('jobs', 'none has failed, none waits for long');
  return warning(
    'jobs',
    `waiting for more than a minute: ${late.map(({ job }) => job).join(', ')}`,
    'Start a serving process or a worker.',
  );
}
