import { Injectable } from '@nestjs/common';
import { estimateTokens, llmErrors, type ModelAnswer, type ModelCall, ModelFacts } from '@parley/llm';
import type { FieldError } from '@parley/platform/errors';
import { fillTemplate, PERSONA_PLACEHOLDER } from '../../declaration/prompt-template.js';
import { personaOpening } from '../../personas/built-in.js';
import { codePoints } from '../../settings/check-value.js';
import { conversationSettings } from '../../settings/conversation.settings.js';
import { type FrozenSettings, settingsReader } from '../../settings/frozen.js';
import { assemblePrompt, type Prompt } from '../../turn/prompt.js';
import type { Speech } from '../../turn/speech.js';
import type { ContextBlock, Turn } from '../../turn/turn.js';
import type { SummaryRule } from '../../turn/turn.types.js';
import type { BrokenRule, Component, Incoming, Report } from '../component.js';
import { type TextChatSettings, textChatSettings } from './text-chat.settings.js';
import { dateLine, formatLine, languageLine, missingLine, styleLines } from './wording.js';

const readConversation = settingsReader(conversationSettings);
/** `creativity_level` 1 is as free as models stay sensible at. */
const TEMPERATURE_PER_LEVEL = 1.2;
const NO_MODERATION = 'moderation: no provider is configured that judges texts';
const SUMMARY_TITLE = 'What was said earlier in this conversation';
/** After this turn's own media, before passages and memories: it is the conversation itself. */
const SUMMARY_PRIORITY = 80;
/** The schema's name at the provider where the answer itself is JSON. */
const JSON_CALL = 'response';

/** The answering component of most use cases: one model, one message. */
@Injectable()
export class TextChat implements Component {
  readonly name = 'text_chat';
  readonly capabilities = ['text', 'streaming', 'structured_output'];
  readonly takesMedia = false;
  readonly settings;
  private readonly read: (settings: FrozenSettings) => TextChatSettings;

  constructor(private readonly models: ModelFacts) {
    this.settings = textChatSettings((name) => models.isModel(name));
    this.read = settingsReader(this.settings);
  }

  rules(settings: FrozenSettings): BrokenRule[] {
    const { response_format, json_schema, response_prefix, response_suffix, ...lengths } = this.read(settings);
    const broken: BrokenRule[] = [];
    if (lengths.min_message_length > lengths.max_message_length) {
      broken.push(conflict('min_message_length', 'max_message_length', 'is greater than max_message_length'));
    }
    if (response_format !== 'json') return broken;
    if (json_schema === null) {
      const about = ['text_chat.json_schema', 'text_chat.response_format'];
      const detail = 'is needed where response_format is json';
      broken.push({ path: 'text_chat.json_schema', code: 'SETTING_REQUIRED', detail, about });
    }
    const wrap = response_prefix !== '' ? 'response_prefix' : response_suffix !== '' ? 'response_suffix' : null;
    if (wrap !== null) broken.push(conflict(wrap, 'response_format', 'cannot go with the response_format json'));
    return broken;
  }

  accept({ content }: Incoming, group: FrozenSettings): FieldError[] {
    const settings = this.read(group);
    const { min_message_length: least, max_message_length: most } = settings;
    const length = codePoints(content.trim());
    if (length < least) return [refused('OUT_OF_BOUNDS', `must have at least ${least} characters`)];
    if (length > most) return [refused('OUT_OF_BOUNDS', `must have at most ${most} characters`)];
    // What is never cut is known to be too long before anything is stored; the rest is known in the turn.
    const budget = this.promptBudget(settings);
    const never = estimateTokens(content) + estimateTokens(settings.instructions);
    return budget === null || never <= budget ? [] : [refused('INPUT_TOO_LONG', `does not fit into ${budget} tokens`)];
  }

  historyLimit(settings: FrozenSettings): number {
    return this.read(settings).context_window;
  }

  summary(settings: FrozenSettings): SummaryRule | null {
    const { summary_enabled: enabled, summary_threshold: threshold, context_window: window } = this.read(settings);
    return enabled ? { window, threshold } : null;
  }

  async answer(turn: Turn): Promise<Report> {
    const settings = this.read(turn.settingsOf(this.name));
    if (settings.content_filter === 'block') throw llmErrors.CAPABILITY_UNAVAILABLE({ detail: NO_MODERATION });
    const prompt = this.assemble(turn, settings);
    const { slug, name } = turn.persona;
    const speech = turn.say({ type: 'agent', id: slug, name });
    const answer = await this.speak(turn, settings, prompt, speech);
    const finishReason = answer.finishReason.replaceAll('-', '_');
    speech.finish(finishReason);
    if (prompt.taintedBy.length > 0) speech.flag({ tainted_by: prompt.taintedBy });
    if (settings.content_filter === 'flag') turn.missing.push('moderation');
    return {
      fields: {
        model: answer.model,
        context_messages_used: prompt.historyUsed,
        trimmed: prompt.trimmed,
        finish_reason: finishReason,
        response_format: settings.response_format,
        first_token_ms: answer.firstTokenMs === null ? null : Math.round(answer.firstTokenMs),
        attempts: answer.attempts,
        filtered: false,
      },
    };
  }

  private assemble(turn: Turn, settings: TextChatSettings): Prompt {
    const { language, time_zone } = readConversation(turn.settings);
    const instructions = [
      fillTemplate(turn.useCase.prompts.system ?? '', (name) => placeholder(turn, name)),
      ...turn.instructions,
      styleLines(settings).join('\n'),
      settings.instructions,
      `${languageLine(language)}\n${dateLine(turn.at, time_zone ?? turn.input.timeZone ?? 'UTC')}`,
    ];
    if (turn.missing.length > 0) instructions.push(missingLine(turn.missing));
    return assemblePrompt({
      instructions,
      format: formatLine(settings),
      blocks: [...summaryBlocks(turn), ...turn.blocks],
      history: lastOf(turn.input.history, settings.context_window),
      message: turn.input.message.content,
      budget: this.promptBudget(settings),
    });
  }

  /** Tokens that a prompt may have; null where nobody knows what the model reads. */
  private promptBudget({ model, max_output_tokens }: TextChatSettings): number | null {
    const reads = this.models.contextTokens(model);
    return reads === null ? null : reads - max_output_tokens;
  }

  /** Deltas joined are the stored text: prefix, the reply exactly as the model sent it, suffix. */
  private async speak(turn: Turn, settings: TextChatSettings, prompt: Prompt, speech: Speech): Promise<ModelAnswer> {
    const call = callOf(settings, prompt);
    if (settings.json_schema !== null && settings.response_format === 'json') {
      return this.speakJson(turn, call, settings.json_schema, speech);
    }
    let begun = false;
    const answer = await turn.models.stream(call, (text) => {
      // With the first text and not before: a model that fails at once has said nothing.
      speech.write(begun ? text : `${settings.response_prefix}${text}`);
      begun = true;
    });
    speech.write(settings.response_suffix);
    return answer;
  }

  /** Shown when it is valid, so that nobody ever parses half an object. */
  private async speakJson(
    turn: Turn,
    call: PlainCall,
    schema: Readonly<Record<string, unknown>>,
    speech: Speech,
  ): Promise<ModelAnswer> {
    const { value, answer } = await turn.models.json({ ...call, schema: { name: JSON_CALL, schema } });
    speech.write(isJson(answer.text) ? answer.text : JSON.stringify(value));
    return answer;
  }
}

type PlainCall = Omit<ModelCall, 'signal' | 'deadline' | 'correlationId' | 'traceparent' | 'schema'>;

function callOf(settings: TextChatSettings, { messages }: Prompt): PlainCall {
  const { model, creativity_level: creativity, temperature, top_p: topP } = settings;
  return {
    model,
    messages,
    temperature: creativity === null ? temperature : creativity * TEMPERATURE_PER_LEVEL,
    ...(topP === null ? {} : { topP }),
    maxOutputTokens: settings.max_output_tokens,
    silenceMs: settings.response_timeout_seconds * 1000,
    purpose: 'answer',
  };
}

function placeholder(turn: Turn, name: string): string {
  if (name === PERSONA_PLACEHOLDER) return personaOpening(turn.persona);
  const value = turn.settings[name];
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

/** What is older than the history: material, as it retells what others have said. */
function summaryBlocks({ input: { plan, summary } }: Turn): ContextBlock[] {
  if (plan.summary === null || summary === undefined) return [];
  const { content: text, tainted: taints } = summary;
  return [{ source: 'summary', title: SUMMARY_TITLE, text, priority: SUMMARY_PRIORITY, trusted: false, taints }];
}

function lastOf<T>(list: readonly T[], count: number): readonly T[] {
  return list.slice(Math.max(0, list.length - count));
}

/** A model may wrap its JSON in words or a fence; then the value alone is the answer. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function refused(code: 'OUT_OF_BOUNDS' | 'INPUT_TOO_LONG', detail: string): FieldError {
  return { pointer: '/content', code, detail };
}

function conflict(member: string, with_: string, detail: string): BrokenRule {
  const path = `text_chat.${member}`;
  return { path, code: 'SETTINGS_CONFLICT', detail, about: [path, `text_chat.${with_}`] };
}
