/** The table of docs/architecture.md §3, as rules. No baseline: every finding is an error. */
const LEANS = {
  schema: [],
  auth: ['schema'],
  llm: ['schema', 'auth'],
  'use-cases': ['schema', 'llm', 'auth'],
  sessions: ['schema', 'use-cases', 'auth'],
  chat: ['schema', 'sessions', 'use-cases', 'auth'],
  admin: ['schema', 'chat', 'sessions', 'use-cases', 'llm', 'auth'],
  // health knows the permission that its pages need, and nothing else of the product.
  health: ['schema', 'auth'],
};

const TEST = '[.](spec|int-spec|e2e-spec|factory)[.]ts$';
const leaning = Object.entries(LEANS).map(([room, below]) => ({
  name: `leans-${room}`,
  comment: `${room} leans on ${['platform', ...below].join(', ')} only.`,
  severity: 'error',
  from: { path: `^libs/${room}/src`, pathNot: TEST },
  to: { path: '^libs/', pathNot: `^libs/(platform|${[room, ...below].join('|')})/src` },
}));

module.exports = {
  forbidden: [
    ...leaning,
    {
      name: 'platform-knows-no-product',
      comment: 'Test databases are migrated, so the testing room knows the schema.',
      severity: 'error',
      from: { path: '^libs/platform/src', pathNot: [TEST, '^libs/platform/src/testing/'] },
      to: { path: '^libs/', pathNot: '^libs/platform/src' },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'apps-stand-alone',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'through-the-door',
      comment: 'Another library is entered through its index.ts.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src' },
      to: { path: '^libs/(?!platform)([^/]+)/src/', pathNot: ['^libs/$1/src/', '^libs/[^/]+/src/index[.]ts$'] },
    },
    {
      name: 'through-the-platform-doors',
      comment: 'The testing room starts servers with the parts of the embedded one.',
      severity: 'error',
      from: { path: '^libs/platform/src/([^/]+)/', pathNot: '^libs/platform/src/testing/' },
      to: {
        path: '^libs/platform/src/[^/]+/',
        pathNot: ['^libs/platform/src/$1/', '^libs/platform/src/[^/]+/index[.]ts$'],
      },
    },
    {
      name: 'platform-from-outside',
      severity: 'error',
      from: { pathNot: '^libs/platform/' },
      to: { path: '^libs/platform/src/[^/]+/', pathNot: '^libs/platform/src/[^/]+/index[.]ts$' },
    },
    {
      name: 'apps-through-the-door',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/(?!platform)[^/]+/src/', pathNot: '^libs/[^/]+/src/index[.]ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(apps|libs)/', pathNot: [TEST, '[.]d[.]ts$', 'main[.]ts$'] },
      to: {},
    },
    {
      name: 'transports-have-no-sql',
      comment: 'Controllers and gateways go through services.',
      severity: 'error',
      from: { path: '[.](controller|gateway)[.]ts$' },
      to: { path: '[.]repository[.]ts$' },
    },
    {
      name: 'services-know-no-edge',
      comment: 'Services import neither Express, Socket.IO nor Swagger.',
      severity: 'error',
      from: { path: '[.](service|repository)[.]ts$' },
      to: {
        path: 'node_modules/(express|socket[.]io|@nestjs/(swagger|platform-express|platform-socket[.]io|websockets))/',
      },
    },
    {
      name: 'sql-in-repositories',
      comment: 'Kysely is for repositories, migrations and the database room.',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: [
          TEST,
          '[.]repository[.]ts$',
          '^libs/schema/',
          '^libs/platform/src/database/',
          '[.]migration[.]ts$',
          '^libs/platform/src/testing/',
        ],
      },
      to: { path: 'node_modules/kysely/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'catalogue-is-data',
      comment: 'A use case is data and pure functions.',
      severity: 'error',
      from: { path: '^libs/use-cases/src/catalogue/', pathNot: TEST },
      to: { path: 'node_modules/@nestjs/|^libs/platform/' },
    },
    {
      name: 'testing-from-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [TEST, '^libs/platform/src/testing/'] },
      to: { path: '^libs/platform/src/testing/|^test/|[.]factory[.]ts$' },
    },
    { name: 'no-test-imports', severity: 'error', from: {}, to: { path: '[.](spec|int-spec|e2e-spec)[.]ts$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|data)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
