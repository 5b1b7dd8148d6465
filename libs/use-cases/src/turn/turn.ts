import type { AppError } from '@parley/platform/errors';
import { type BuiltInPersona, builtInPersona } from '../personas/built-in.js';
import { type FrozenSettings, groupOf } from '../settings/frozen.js';
import type { UseCase } from '../use-case.js';
import { Speech } from './speech.js';
import type { AgentAuthor, TurnInput, TurnSink, TurnWrite } from './turn.types.js';
import type { TurnModels } from './turn-models.js';

/** Something found on the way in that the model should read. */
export interface ContextBlock {
  /** What kind of thing it is, such as `memory` or `document`. */
  readonly source: string;
  readonly title: string;
  readonly text: string;
  /** Blocks of low priority are cut first: media of this turn 90, passages 70, memories 60, older media 40. */
  readonly priority: number;
  /** False for what comes from users, files, the web or tools: material, never instructions. */
  readonly trusted: boolean;
  /** Whether it taints the turn; absent: as material of its source does. */
  readonly taints?: boolean;
}

/** Thrown on the way in: the turn ends with this error, whether or not the component is required. */
export class StopTurn extends Error {
  override readonly name = 'StopTurn';

  constructor(readonly error: AppError) {
    super(error.message, { cause: error });
  }
}

const FALLBACK_PERSONA = 'default';

/**
 * The working state of one run. Built once, passed through the components, written once at the end;
 * components share nothing else.
 */
export class Turn {
  readonly blocks: ContextBlock[] = [];
  /** Lines that components add to the system prompt. */
  readonly instructions: string[] = [];
  /** Optional components that failed on the way in: the prompt says so, and the answer is marked with them. */
  readonly missing: string[] = [];
  private readonly speeches: Speech[] = [];
  readonly writes: TurnWrite[] = [];
  persona: BuiltInPersona;

  constructor(
    readonly useCase: UseCase,
    readonly input: TurnInput,
    readonly models: TurnModels,
    private readonly sink: TurnSink,
    /** When the turn began, by the product's clock. */
    readonly at: Date,
  ) {
    this.persona = choosePersona(useCase, input.plan.settings);
  }

  get signal(): AbortSignal {
    return this.input.signal;
  }

  get settings(): FrozenSettings {
    return this.input.plan.settings;
  }

  /** What was said, in the order in which it was begun. */
  get spoken(): readonly Speech[] {
    return this.speeches.filter(({ text }) => text !== '');
  }

  settingsOf(component: string): FrozenSettings {
    return groupOf(this.settings, component);
  }

  /** Begins a message of the answer; nothing goes out before its first text. */
  say(author: AgentAuthor): Speech {
    const speech = new Speech(this.sink, author);
    this.speeches.push(speech);
    return speech;
  }
}

function choosePersona({ personas, persona_setting: chooser }: UseCase, settings: FrozenSettings): BuiltInPersona {
  const chosen = chooser === undefined ? undefined : settings[chooser];
  const slug = typeof chosen === 'string' ? chosen : (personas[0] ?? FALLBACK_PERSONA);
  const persona = builtInPersona(slug);
  if (persona === undefined) throw new Error(`no built-in persona ${slug}`);
  return persona;
}
