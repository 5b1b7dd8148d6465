import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { isRole, MODEL_ROLES, ModelCatalogue } from './model.catalogue.js';

/** Tokens that families of models read at once, as their makers state them; the first that fits counts. */
const FAMILIES: readonly (readonly [RegExp, number])[] = [
  [/^anthropic:claude-/, 200_000],
  [/^google:gemini-/, 1_048_576],
  [/^openai:gpt-4\.1/, 1_047_576],
  [/^openai:gpt-4o/, 128_000],
  [/^openai:gpt-5/, 272_000],
];

/** What settings and prompts must know of this deployment's models, without asking anybody. */
@Injectable()
export class ModelFacts {
  constructor(
    private readonly catalogue: ModelCatalogue,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whether it is a role, or a model that is configured: by `provider:model` or by its bare name. */
  isModel(name: string): boolean {
    if (isRole(name)) return true;
    return this.models().some((model) => {
      if (model.endsWith(':*')) return name.startsWith(model.slice(0, -1));
      return name === model || model.slice(model.indexOf(':') + 1) === name;
    });
  }

  /** Tokens that whoever may answer reads at once; null where that is not known of any of them. */
  contextTokens(name: string): number | null {
    const roles = this.catalogue.describe().roles;
    const answering = isRole(name) ? roles[name] : this.models().filter((model) => model.endsWith(name));
    const known = answering.flatMap((model) => this.tokensOf(model) ?? []);
    return known.length === 0 ? null : Math.min(...known);
  }

  private tokensOf(model: string): number | undefined {
    return this.config.models.context_tokens[model] ?? FAMILIES.find(([family]) => family.test(model))?.[1];
  }

  private models(): string[] {
    const { roles } = this.catalogue.describe();
    const configured = Object.entries(this.config.models.providers).flatMap(([provider, { models }]) =>
      [models.default, models.fast].flatMap((model) => (model === null ? [] : `${provider}:${model}`)),
    );
    return [...MODEL_ROLES.flatMap((role) => roles[role]), ...configured];
  }
}
