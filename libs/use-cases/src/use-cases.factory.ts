import { Module, type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Actor, systemActor } from '@parley/auth';
import { Backoff } from '@parley/llm';
import { Bus, ProcessBus } from '@parley/platform/bus';
import { Clock, SettableClock } from '@parley/platform/clock';
import { ConfigModule, configSchema } from '@parley/platform/config';
import { Database } from '@parley/platform/database';
import type { FieldError } from '@parley/platform/errors';
import { AppError } from '@parley/platform/errors';
import { CursorCodec } from '@parley/platform/http';
import { newId } from '@parley/platform/ids';
import type { FakeModel } from '../../../test/support/fake-model/index.js';
import { Components } from './components/component.js';
import type { UseCaseSource } from './declaration/declaration.js';
import { loadUseCases } from './declaration/load-use-cases.js';
import { OverridesRepository, type StoredOverride } from './overrides/overrides.repository.js';
import { UseCaseConfiguration } from './overrides/use-case-configuration.service.js';
import { UseCaseOverrides } from './overrides/use-case-overrides.service.js';
import type { Overlay } from './settings/overlay.js';
import { SummaryWriter } from './summary-writer.service.js';
import { TitleWriter } from './title-writer.service.js';
import type { ComponentResult, HistoryMessage, TurnInput, TurnOutcome, TurnSink } from './turn/turn.types.js';
import { TurnEngine } from './turn/turn-engine.service.js';
import { type PlanInput, TurnPlanner } from './turn/turn-planner.service.js';
import { USE_CASES, UseCaseCatalogue } from './use-case-catalogue.service.js';
import { UseCasesModule } from './use-cases.module.js';

const ORG = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const ACTOR: Actor = systemActor(ORG, ['use_case:configure']);
const NOON = new Date('2026-11-21T12:00:00.000Z');

/** Overrides without a database: what the library does with them is the same. */
class OverridesInMemory {
  readonly rows = new Map<string, StoredOverride>();

  readAll(): Promise<StoredOverride[]> {
    return Promise.resolve([...this.rows.values()]);
  }

  readOwn(actor: Actor): Promise<StoredOverride[]> {
    return Promise.resolve([...this.rows.values()].filter(({ orgId }) => orgId === actor.orgId));
  }

  stamp(): Promise<number> {
    return Promise.resolve([...this.rows.values()].reduce((sum, { version }) => sum + version, 0));
  }

  replace(
    actor: Actor,
    name: string,
    layer: Overlay,
    at: Date,
    expected?: number,
  ): Promise<StoredOverride | undefined> {
    const key = `${actor.orgId}/${name}`;
    const version = this.rows.get(key)?.version ?? 0;
    if (expected !== undefined && version !== expected) return Promise.resolve(undefined);
    const by = { updatedBy: actor.principalId, updatedAt: at };
    const row = { ...layer, ...by, orgId: actor.orgId, name, version: version + 1 };
    this.rows.set(key, row);
    return Promise.resolve(row);
  }
}

export interface OpenOptions {
  /** The section `models` of the configuration. */
  readonly models?: object;
  /** A deployment's `use_cases.dir`. */
  readonly dir?: string;
  /** Use cases and components of a test instead of those that ship. */
  readonly instead?: { readonly sources: readonly UseCaseSource[]; readonly components: Components };
  /** A real database for overrides; without one they are kept in memory. */
  readonly database?: Database;
  /** The line to other nodes; without one there are none. */
  readonly bus?: Bus;
}

export interface OpenUseCases {
  readonly module: TestingModule;
  readonly catalogue: UseCaseCatalogue;
  readonly components: Components;
  readonly planner: TurnPlanner;
  readonly engine: TurnEngine;
  readonly titles: TitleWriter;
  readonly summaries: SummaryWriter;
  readonly configuration: UseCaseConfiguration;
  readonly overrides: UseCaseOverrides;
  readonly clock: SettableClock;
  close(): Promise<void>;
}

/** The library as the program runs it; waits between tries at a model are shortened to a hundredth. */
export async function openUseCases(options: OpenOptions = {}): Promise<OpenUseCases> {
  const dir = options.dir ?? '/nonexistent';
  const config = configSchema.parse({ use_cases: { dir }, models: { discover_ollama: false, ...options.models } });
  const clock = new SettableClock(NOON.getTime());
  const ground = groundModule([
    { provide: Clock, useValue: clock },
    { provide: Bus, useValue: options.bus ?? new ProcessBus() },
    { provide: CursorCodec, useValue: new CursorCodec({ bytes: () => Buffer.alloc(32, 7) }) },
    { provide: Database, useValue: options.database ?? null },
  ]);
  const building = Test.createTestingModule({ imports: [ConfigModule.forRoot(config), ground, UseCasesModule] })
    .overrideProvider(Backoff)
    .useValue(new Backoff(0.01));
  if (options.database === undefined) building.overrideProvider(OverridesRepository).useClass(OverridesInMemory);
  if (options.instead !== undefined) {
    const { sources, components } = options.instead;
    building.overrideProvider(Components).useValue(components);
    building.overrideProvider(USE_CASES).useValue(loadUseCases({ builtIn: sources, components, dir }));
  }
  const module = await building.compile();
  module.useLogger(false);
  await module.init();
  return {
    module,
    catalogue: module.get(UseCaseCatalogue),
    components: module.get(Components),
    planner: module.get(TurnPlanner),
    engine: module.get(TurnEngine),
    titles: module.get(TitleWriter),
    summaries: module.get(SummaryWriter),
    configuration: module.get(UseCaseConfiguration),
    overrides: module.get(UseCaseOverrides),
    clock,
    close: () => module.close(),
  };
}

function groundModule(providers: Provider[]) {
  @Module({})
  class GroundModule {}
  return { module: GroundModule, global: true, providers, exports: providers.map(tokenOf) };
}

function tokenOf(provider: Provider) {
  return 'provide' in provider ? provider.provide : provider;
}

/** One model of one fake OpenAI. */
export function onFake(fake: FakeModel, more: object = {}): object {
  return {
    roles: { default: ['openai:first'], fast: ['openai:small'] },
    providers: { openai: { base_url: fake.url, api_key: 'sk-secret' } },
    breaker_failures: 1000,
    ...more,
  };
}

export function planInput(more: Partial<PlanInput> = {}): PlanInput {
  return { useCase: 'basic_chat', sessionSettings: {}, context: {}, content: 'Hello there', attachments: [], ...more };
}

/** What a listener of a turn has heard. */
export class Ear implements TurnSink {
  readonly events: string[] = [];
  readonly results: Record<string, ComponentResult> = {};
  readonly deltas: string[] = [];
  readonly texts = new Map<string, string>();

  componentStarted(component: string): void {
    this.events.push(`started ${component}`);
  }

  componentCompleted(component: string, result: ComponentResult): void {
    this.events.push(`completed ${component}`);
    this.results[component] = result;
  }

  messageStarted({ id, author }: { id: string; author: { id: string } }): void {
    this.events.push(`message by ${author.id}`);
    this.texts.set(id, '');
  }

  delta(messageId: string, text: string): void {
    this.deltas.push(text);
    this.texts.set(messageId, `${this.texts.get(messageId) ?? 'delta before its message: '}${text}`);
  }
}

export interface TurnOptions extends Partial<PlanInput> {
  readonly history?: readonly HistoryMessage[];
  readonly signal?: AbortSignal;
  readonly timeZone?: string;
}

/** Plans a turn and runs it. */
export async function takeTurn(
  { planner, engine }: OpenUseCases,
  options: TurnOptions = {},
  ear = new Ear(),
): Promise<TurnOutcome> {
  return engine.run(turnInput(planner, options), ear);
}

export function turnInput(planner: TurnPlanner, { history, signal, timeZone, ...plan }: TurnOptions = {}): TurnInput {
  const input = planInput(plan);
  return {
    actor: ACTOR,
    sessionId: newId('session'),
    runId: newId('run'),
    plan: planner.plan(ACTOR, input),
    context: input.context,
    message: { id: newId('message'), content: input.content },
    history: history ?? [],
    correlationId: 'corr-1',
    signal: signal ?? new AbortController().signal,
    deadline: Date.now() + 60_000,
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** A conversation so far, turn by turn. */
export function pastTurns(...texts: readonly string[]): HistoryMessage[] {
  return texts.map((content, index) => ({
    id: newId('message'),
    role: index % 2 === 0 ? 'user' : 'assistant',
    content,
    interrupted: false,
  }));
}

/** The error that something throws, as readers see it. */
export function refusal(work: () => unknown): { code: string; status: number; errors: readonly FieldError[] } {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, status: error.status, errors: error.facts.errors ?? [] };
    throw error;
  }
  throw new Error('nothing was refused');
}
