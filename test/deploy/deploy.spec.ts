import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '@parley/platform/config';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../support/root.js';

const read = (path: string): string => readFileSync(join(ROOT, 'deploy', path), 'utf8');
/** Seconds that closing may take after the drain, before the program ends by force. */
const CLOSING = 15;

const environment = z.record(z.string(), z.string());
const containerSchema = z.looseObject({
  image: z.literal('parley'),
  command: z.array(z.string()).optional(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
});
const podSchema = z.looseObject({
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.number(), fsGroup: z.number() }),
  containers: z.tuple([containerSchema]),
});
const workloadSchema = z.object({ spec: z.object({ template: z.object({ spec: podSchema }) }) });
const kustomizationSchema = z.looseObject({
  resources: z.array(z.string()),
  configMapGenerator: z.tuple([z.object({ name: z.string(), literals: z.array(z.string()) })]),
});
const secretSchema = z.object({ kind: z.literal('Secret'), stringData: environment }).loose();
const serviceSchema = z.looseObject({ environment: environment.default({}), command: z.array(z.string()).optional() });
const composeSchema = z.looseObject({ services: z.looseObject({ parley: serviceSchema, migrate: serviceSchema }) });
const rulesSchema = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.looseObject({ expr: z.string() })) })),
});

const stepSchema = z.looseObject({ run: z.string().optional(), uses: z.string().optional() });
const jobSchema = z.looseObject({ steps: z.array(stepSchema) });
const workflowSchema = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  jobs: z.object({ ci: jobSchema }).catchall(jobSchema),
});

/** Values of the right shape for what only an installation knows. */
const SECRETS: Readonly<Record<string, string>> = {
  PARLEY_KEK: randomBytes(32).toString('base64'),
  DATABASE_URL: 'postgres://parley_app:x@db.example.org/parley?sslmode=verify-full',
  DATABASE_MIGRATION_URL: 'postgres://parley_owner:x@db.example.org/parley?sslmode=verify-full',
  REDIS_URL: 'rediss://:x@redis.example.org:6379',
  OPENAI_API_KEY: 'sk-of-somebody',
  PARLEY_ADMIN_EMAIL: 'ops@example.org',
  PARLEY_ADMIN_PASSWORD: 'correct-horse-operators',
};
const secretNamed = (name: string): string => SECRETS[name] ?? '';
const programOf = (command: readonly string[]): string => command.find((word) => word.endsWith('.js')) ?? '';

/** The source that a file of the build is made of. */
const sourceOf = (built: string): string => join(ROOT, built.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
const leavingSeconds = ({ shutdown }: Config): number =>
  shutdown.ready_delay_seconds + shutdown.drain_seconds + CLOSING;

const dockerfile = read('docker/Dockerfile');
const imageUser = Number(/^USER (\d+):\d+$/m.exec(dockerfile)?.[1]);
const imageDataDir = /PARLEY_DATA_DIR=(\S+)/.exec(dockerfile)?.[1];

describe('the image', () => {
  it('is made of what there is, and runs the program as somebody', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const sent = read('docker/Dockerfile.dockerignore')
      .split('\n')
      .flatMap((line) => /^!(\S+)$/.exec(line)?.[1] ?? []);
    expect([...new Set(copied)].sort()).toEqual(sent.sort());
    expect(imageUser).toBe(10_001);
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    expect(existsSync(sourceOf(programOf(z.array(z.string()).parse(JSON.parse(command)))))).toBe(true);
  });

  it('says by itself whether it lives, without a shell', async () => {
    const [, health = '[]'] = /HEALTHCHECK[\s\S]*?CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    const [node, ...args] = z.array(z.string()).parse(JSON.parse(health));
    expect(node).toBe('node');
    const { status } = spawnSync(process.execPath, args, { env: { PORT: '1' } });
    expect(status).toBe(1);
    expect(args.join(' ')).toContain('/health/live');
  });
});

describe('the compose file', () => {
  const { services } = composeSchema.parse(parse(read('docker/compose.yaml'), { merge: true }));
  const folder = mkdtempSync(join(tmpdir(), 'parley-compose-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Its environment as a container would have it: variables filled in, secrets as files. */
  function settingsOf(name: 'parley' | 'migrate'): Config {
    const env: Record<string, string> = {};
    for (const [variable, value] of Object.entries(services[name].environment)) {
      if (!variable.endsWith('_FILE')) env[variable] = value.replaceAll(/\$\{PARLEY_HOSTS[^}]*\}/g, 'a.example.org');
      else {
        const secret = variable.replace(/_FILE$/, '');
        env[variable] = join(folder, secret);
        writeFileSync(
          join(folder, secret),
          secretNamed(secret).replace('?sslmode=verify-full', '').replace('rediss', 'redis'),
        );
      }
      env[variable] = (env[variable] ?? '').replaceAll(/\$\{\w+:-\}/g, '');
    }
    return loadConfig({ env, cwd: ROOT });
  }

  it.each(['parley', 'migrate'] as const)('starts %s with settings that production takes', (name) => {
    expect(settingsOf(name)).toMatchObject({ env: 'production', http: { host: '0.0.0.0', port: 3000 } });
    const { command } = services[name];
    if (command !== undefined) expect(existsSync(sourceOf(programOf(command)))).toBe(true);
  });

  it('lets nobody work as the owner of the schema, and gives time to leave', () => {
    const { parley, migrate } = services;
    expect(Object.keys(parley.environment)).not.toContain('DATABASE_MIGRATION_URL_FILE');
    expect(Object.keys(migrate.environment)).toContain('DATABASE_MIGRATION_URL_FILE');
    for (const service of [parley, migrate]) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    }
    expect(Number.parseInt(String(parley['stop_grace_period']), 10)).toBeGreaterThan(
      leavingSeconds(settingsOf('parley')),
    );
  });
});

describe('the manifests for Kubernetes', () => {
  const kustomization = kustomizationSchema.parse(parse(read('kubernetes/kustomization.yaml')));
  const literals = kustomization.configMapGenerator[0].literals.map((line) => line.split('=', 2));
  const settings = Object.fromEntries(literals.map(([name = '', value = '']) => [name, value]));
  const [parley, owner] = parseAllDocuments(read('kubernetes/secrets.example.yaml')).map((each) =>
    Object.keys(secretSchema.parse(each.toJS()).stringData),
  );
  const config = (names: readonly string[]): Config =>
    loadConfig({
      env: { ...settings, ...Object.fromEntries(names.map((name) => [name, secretNamed(name)])) },
      cwd: ROOT,
    });
  const podOf = (file: string) => {
    const [first] = parseAllDocuments(read(`kubernetes/${file}`));
    return workloadSchema.parse(first?.toJS()).spec.template.spec;
  };

  it('name every file, and nothing but files that there are', () => {
    const files = readdirSync(join(ROOT, 'deploy/kubernetes')).filter(
      (name) => !/^(kustomization|secrets)\b/.test(name),
    );
    expect([...kustomization.resources].sort()).toEqual(files.sort());
  });

  it('run nodes that production takes, which know nothing of the owner of the schema', () => {
    expect(parley).not.toContain('DATABASE_MIGRATION_URL');
    const { http, metrics, env } = config(parley ?? []);
    expect(http.allowed_hosts).toEqual([new URL(http.public_url ?? '').hostname]);
    const pod = podOf('deployment.yaml');
    const [container] = pod.containers;
    expect(env).toBe('production');
    expect(container.ports).toEqual([
      { name: 'http', containerPort: http.port },
      { name: 'metrics', containerPort: metrics.port },
    ]);
    expect(pod.securityContext).toMatchObject({ runAsUser: imageUser, fsGroup: imageUser });
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual([imageDataDir]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(leavingSeconds(config(parley ?? [])));
  });

  it('ask the probes that there are', () => {
    const { paths } = z
      .object({ paths: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'docs/generated/openapi.json'), 'utf8')));
    const asked = [...read('kubernetes/deployment.yaml').matchAll(/path: (\S+),/g)].map(([, path]) => path);
    expect(asked).toEqual(['/health/live', '/health/live', '/health/ready']);
    expect(asked.filter((path) => !Object.hasOwn(paths, path ?? ''))).toEqual([]);
  });

  it('migrate as the owner, by the command line', () => {
    const [container] = podOf('migrate.yaml').containers;
    expect(existsSync(sourceOf(programOf(container.command ?? [])))).toBe(true);
    expect(config([...(parley ?? []), ...(owner ?? [])]).database.migration_url).toContain('parley_owner');
  });
});

describe('the unit for systemd', () => {
  const unit = read('systemd/parley.service');
  const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  it('starts the program in its folder, and tells it alone to leave, with time for it', () => {
    expect(existsSync(sourceOf(programOf(setting('ExecStart').split(' '))))).toBe(true);
    // The embedded PostgreSQL must outlive the drain: see docs/operations.md.
    expect([setting('KillMode'), setting('KillSignal')]).toEqual(['mixed', 'SIGTERM']);
    const env = { PARLEY_KEK: secretNamed('PARLEY_KEK'), PARLEY_ENV: 'production', PARLEY__HTTP__ALLOWED_HOSTS: 'a.b' };
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(leavingSeconds(loadConfig({ env, cwd: ROOT })));
    expect(setting('StateDirectory')).toBe('parley');
    expect(unit).toContain('PARLEY_DATA_DIR=/var/lib/parley');
  });
});

describe('the workflow', () => {
  const { permissions, jobs } = workflowSchema.parse(
    parse(readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8')),
  );

  it('may read, and runs what .ci/run is with the Node that it names', () => {
    expect(permissions).toEqual({ contents: 'read' });
    const lines = jobs.ci.steps.flatMap(({ run }) => run ?? []);
    expect(lines).toEqual(['sudo -E env "PATH=$PATH" .ci/run']);
  });

  it('takes its actions by version', () => {
    const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(used.length).toBeGreaterThan(1);
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@v\d+/.test(action))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('watch metrics that the page for operators explains', () => {
    const { groups } = rulesSchema.parse(parse(read('monitoring/alerts.yaml')));
    const watched = groups.flatMap(({ rules }) =>
      rules.flatMap(({ expr }) => expr.match(/\b(parley|nodejs)_\w+/g) ?? []),
    );
    const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
    expect(watched.length).toBeGreaterThan(8);
    expect(watched.filter((name) => !page.includes(`\`${name.replace(/_count$/, '')}`))).toEqual([]);
  });
});
