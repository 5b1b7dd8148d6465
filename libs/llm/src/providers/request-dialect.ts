import type { ChatMessage, ChatRequest, OutputSchema } from './chat-model.js';
import { isObject } from './json.js';

/** Remembered schema names that a server refused; beyond it the oldest is forgotten and learnt again. */
const MAX_REMEMBERED = 1000;

/** Statuses by which servers say that they do not understand a member. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 415, 422]);

/** How a structured answer is asked for: by schema, by JSON mode, or by words alone. */
type SchemaLevel = 'json_schema' | 'json_object' | 'words';

/**
 * What one model of one OpenAI-compatible server understands. Starts from the best guess and learns from
 * refusals; every lesson is learnt once, so that a call is sent again at most once for each.
 */
export class RequestDialect {
  private temperature = true;
  private topP = true;
  private streamUsage = true;
  private tokensLearnt = false;
  private readonly levels = new Map<string, SchemaLevel>();

  /** @param tokensMember what the server calls the bound on output tokens */
  constructor(
    private readonly model: string,
    private tokensMember: 'max_tokens' | 'max_completion_tokens',
  ) {}

  body(request: ChatRequest): string {
    const { schema, maxOutputTokens } = request;
    return JSON.stringify({
      model: this.model,
      messages: schema === undefined ? request.messages : this.messagesWith(schema, request.messages),
      stream: true,
      ...(this.streamUsage ? { stream_options: { include_usage: true } } : {}),
      ...this.sampling(request),
      ...(maxOutputTokens === undefined ? {} : { [this.tokensMember]: maxOutputTokens }),
      ...(schema === undefined ? {} : responseFormat(schema, this.levelOf(schema))),
    });
  }

  /** Whether the refusal taught something that makes the same call worth sending again. */
  learn(request: ChatRequest, status: number, refusal: string): boolean {
    if (!REFUSALS.has(status)) return false;
    const text = refusal.toLowerCase();
    return (
      this.learnTokens(request, text) ||
      this.learnSampling(request, text) ||
      this.learnSchema(request, text) ||
      this.learnUsage(text)
    );
  }

  private learnTokens({ maxOutputTokens }: ChatRequest, text: string): boolean {
    if (maxOutputTokens === undefined || this.tokensLearnt || !text.includes(this.tokensMember)) return false;
    if (!/unsupported|not supported|unrecognized|unknown|not permitted|instead/.test(text)) return false;
    this.tokensMember = this.tokensMember === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    this.tokensLearnt = true;
    return true;
  }

  private learnSampling({ temperature, topP }: ChatRequest, text: string): boolean {
    if (temperature !== undefined && this.temperature && text.includes('temperature')) {
      this.temperature = false;
      return true;
    }
    if (topP === undefined || !this.topP || !text.includes('top_p')) return false;
    this.topP = false;
    return true;
  }

  private learnSchema({ schema }: ChatRequest, text: string): boolean {
    if (schema === undefined || !/response_format|json_schema|json_object|schema|structured|grammar/.test(text))
      return false;
    const level = this.levelOf(schema);
    if (level === 'words') return false;
    const [oldest] = this.levels.keys();
    if (this.levels.size >= MAX_REMEMBERED && oldest !== undefined) this.levels.delete(oldest);
    this.levels.set(schema.name, level === 'json_schema' ? 'json_object' : 'words');
    return true;
  }

  private learnUsage(text: string): boolean {
    if (!this.streamUsage || !/stream_options|include_usage/.test(text)) return false;
    this.streamUsage = false;
    return true;
  }

  private sampling({ temperature, topP }: ChatRequest): object {
    return {
      ...(temperature !== undefined && this.temperature ? { temperature } : {}),
      ...(topP !== undefined && this.topP ? { top_p: topP } : {}),
    };
  }

  private messagesWith(schema: OutputSchema, messages: readonly ChatMessage[]): readonly ChatMessage[] {
    return this.levelOf(schema) === 'json_schema' ? messages : inWords(messages, schema);
  }

  private levelOf(schema: OutputSchema): SchemaLevel {
    return this.levels.get(schema.name) ?? 'json_schema';
  }
}

function responseFormat({ name, schema }: OutputSchema, level: SchemaLevel): object {
  if (level === 'words') return {};
  if (level === 'json_object') return { response_format: { type: 'json_object' } };
  return { response_format: { type: 'json_schema', json_schema: { name, schema, strict: allowsStrict(schema) } } };
}

/** The schema as part of the prompt, for models that take none. */
function inWords(messages: readonly ChatMessage[], { name, schema }: OutputSchema): readonly ChatMessage[] {
  const content =
    `Answer with one JSON value and nothing else: no code fence, no comment. Task: ${name}. ` +
    `It has to fit this JSON Schema:\n${JSON.stringify(schema)}`;
  return [{ role: 'system', content }, ...messages];
}

/** Whether every object lists all its members as required and forbids others: what strict mode demands. */
function allowsStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(allowsStrict);
  if (!isObject(schema)) return true;
  const { properties, required } = schema;
  if (isObject(properties)) {
    const names = Object.keys(properties);
    const listed: readonly unknown[] = Array.isArray(required) ? required : [];
    if (schema['additionalProperties'] !== false || !names.every((name) => listed.includes(name))) return false;
  }
  return Object.values(schema).every(allowsStrict);
}
