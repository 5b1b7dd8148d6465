import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { type FieldError, platformErrors } from '@parley/platform/errors';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Component, Components, type Incoming } from '../components/component.js';
import type { ComponentName } from '../declaration/declaration.js';
import { refuse } from '../refuse.js';
import { type FrozenSettings, groupOf, settingsReader } from '../settings/frozen.js';
import { type Resolved, resolveSession, resolveTurn } from '../settings/resolve.js';
import type { UseCase } from '../use-case.js';
import { type OfferedUseCase, UseCaseCatalogue } from '../use-case-catalogue.service.js';
import { useCaseErrors } from '../use-cases.errors.js';
import { runLimits } from './run-limits.js';
import type { TurnPlan } from './turn.types.js';

export interface PlanInput extends Incoming {
  readonly useCase: string;
  /** As the session stores them (layer 4). */
  readonly sessionSettings: Readonly<Record<string, unknown>>;
  /** As the message carries it (layer 5). */
  readonly context: Readonly<Record<string, unknown>>;
  /**
   * The message is stored and was checked then: what a later bound forbids is moved to the nearest
   * value, as a session's settings are, and nothing is refused but a use case that is off or gone.
   */
  readonly accepted?: boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** Characters of settings and context that remembered plans were made from, all together. */
const MOST_REMEMBERED = 4_000_000;

const readPlan = settingsReader(
  z.object({ on_busy: z.enum(['queue', 'reject']).default('queue'), auto_title: z.boolean().default(true) }),
);

/**
 * Decides what a turn will be before it is accepted: settings merged and frozen, the message checked.
 * Reads nothing from outside; sessions with the same settings share one plan.
 */
@Injectable()
export class TurnPlanner {
  private readonly plans = new LRUCache<string, TurnPlan>({
    max: 20_000,
    maxSize: MOST_REMEMBERED,
    sizeCalculation: (_, key) => key.length + 1,
  });
  private readonly serials = new WeakMap<OfferedUseCase, number>();
  private lastSerial = 0;

  constructor(
    private readonly catalogue: UseCaseCatalogue,
    private readonly components: Components,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Whether a new session may be made with these settings.
   * @throws USE_CASE_UNKNOWN, USE_CASE_DISABLED, or what is wrong with the settings
   */
  checkSessionSettings(actor: Actor, useCase: string, settings: Values): void {
    this.enabled(actor, useCase);
    this.checkChangedSettings(actor, useCase, settings);
  }

  /** The same for a session that is there: its settings may be changed while its use case is switched off. */
  checkChangedSettings(actor: Actor, useCase: string, settings: Values): void {
    const offered = this.offered(actor, useCase);
    const readings = offered.settings.readSession(settings);
    refuse(readings.flatMap(({ finding }) => finding ?? []));
    refuse(resolveSession(offered.settings, this.listed(offered.useCase), readings).findings);
  }

  /**
   * What a message will be answered with.
   * @throws USE_CASE_UNKNOWN, USE_CASE_DISABLED, INVALID_TEXT, NOT_PER_TURN and what else is wrong with
   *   settings or message; nothing may be stored then
   */
  plan(actor: Actor, input: PlanInput): TurnPlan {
    const offered = this.enabled(actor, input.useCase);
    const { sessionSettings, context, accepted = false } = input;
    const key = `${this.serialOf(offered)} ${accepted} ${JSON.stringify(sessionSettings)} ${JSON.stringify(context)}`;
    const plan = this.plans.get(key) ?? this.remember(key, this.make(offered, input));
    if (!accepted) this.checkMessage(plan, input);
    return plan;
  }

  private make({ useCase, settings, adjusted }: OfferedUseCase, input: PlanInput): TurnPlan {
    const context = settings.readContext(input.context);
    if (input.accepted !== true) refuse(context.flatMap(({ finding }) => finding ?? []));
    const session = settings.readSession(input.sessionSettings);
    const resolved = resolveTurn(settings, this.listed(useCase), session, context);
    refuse(resolved.findings);
    return this.toPlan(useCase, { ...resolved, adjusted: [...adjusted, ...resolved.adjusted] });
  }

  private toPlan(useCase: UseCase, { settings, adjusted }: Omit<Resolved, 'findings'>): TurnPlan {
    const { on_busy: onBusy, auto_title: autoTitle } = readPlan(settings);
    const active = activeComponents(useCase, settings);
    const wanted = active.map((name) => this.components.get(name).historyLimit?.(groupOf(settings, name)) ?? 0);
    const sums = active.map((name) => this.components.get(name).summary?.(groupOf(settings, name)) ?? null);
    const limits = runLimits(useCase.limits, useCase.answers, this.config.runs.wall_clock_seconds);
    return {
      useCase: useCase.id,
      version: useCase.version,
      settings,
      adjusted,
      historyLimit: Math.max(0, ...wanted),
      summary: sums.find((rule) => rule !== null) ?? null,
      onBusy,
      autoTitle,
      wallClockMs: limits.wall_clock_seconds * 1000,
      components: active,
      answers: useCase.answers,
    };
  }

  private checkMessage(plan: TurnPlan, message: Incoming): void {
    if (!isStorable(message.content)) {
      throw platformErrors.INVALID_TEXT({
        errors: [{ pointer: '/content', code: 'INVALID_TEXT', detail: 'holds U+0000 or an unpaired surrogate' }],
      });
    }
    const listed = plan.components.map((name) => this.components.get(name));
    const findings = listed.flatMap(
      (component) => component.accept?.(message, groupOf(plan.settings, component.name)) ?? [],
    );
    if (!listed.some(({ takesMedia }) => takesMedia)) findings.push(...message.attachments.map(notTaken));
    refuse(findings);
  }

  private offered(actor: Actor, name: string): OfferedUseCase {
    const offered = this.catalogue.offer(actor, name);
    if (offered === undefined) throw useCaseErrors.USE_CASE_UNKNOWN();
    return offered;
  }

  private enabled(actor: Actor, name: string): OfferedUseCase {
    const offered = this.offered(actor, name);
    if (!offered.settings.enabled) throw useCaseErrors.USE_CASE_DISABLED();
    return offered;
  }

  private listed({ components }: UseCase): Component[] {
    return components.map((name) => this.components.get(name));
  }

  private remember(key: string, plan: TurnPlan): TurnPlan {
    this.plans.set(key, plan);
    return plan;
  }

  /** A number of its own for every version of every organisation's use case. */
  private serialOf(offered: OfferedUseCase): number {
    const known = this.serials.get(offered);
    if (known !== undefined) return known;
    this.lastSerial += 1;
    this.serials.set(offered, this.lastSerial);
    return this.lastSerial;
  }
}

const UNSTORABLE = /\0|\p{Surrogate}/u;

function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

function notTaken(_: unknown, index: number): FieldError {
  return {
    pointer: `/attachments/${index}`,
    code: 'MEDIA_KIND_NOT_ALLOWED',
    detail: 'attachments are not taken by this use case',
  };
}

function activeComponents({ components, switches }: UseCase, settings: FrozenSettings): ComponentName[] {
  const off = new Set(
    Object.entries(switches).flatMap(([name, component]) => (settings[name] === false ? component : [])),
  );
  return components.filter((name) => !off.has(name));
}
