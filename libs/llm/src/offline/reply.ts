import { type Conversation, type Passage, SIGNATURE } from './conversation.js';
import { mostCentral, rank } from './ranking.js';
import { sentences, shorten, terms } from './words.js';

const NOTICE = `I am the built-in ${SIGNATURE}, not a language model: I can only quote what stands in this conversation.`;
const ADVICE = 'For real answers an operator configures a model, e.g. with OPENAI_API_KEY or a local Ollama.';

const GREETING =
  /^(hi|hello|hey|hiya|howdy|greetings|good (morning|afternoon|evening|day)|hallo|guten (tag|morgen|abend)|moin|servus|bonjour|salut|hola|ciao|olá)\b/i;
const THANKS = /^(thanks|thank you|thx|cheers|danke|vielen dank|merci|gracias|grazie|obrigad[oa])\b/i;
const FAREWELL = /^(bye|goodbye|see you|good night|farewell|tschüss|auf wiedersehen|au revoir|adiós)\b/i;
const ABOUT_ITSELF =
  /\b(who|what) are you\b|\bare you (an? )?(ai|a\.i\.|llm|bot|robot|human|person|language model|real)|\bwhat can you do\b|\byour name\b|^help\b|\bwer bist du\b/i;
const SUMMARY = /\b(summari[sz]e|summary|recap|sum up|what (did|have) we (talk|discuss|sa)|zusammenfass)/i;
const ASKS =
  /\?\s*$|^(what|who|whom|whose|where|when|why|how|which|can|could|would|will|do|does|did|is|are|was|were|tell|explain|describe|write|give|list|show|translate|compare|create|make|find|was|wer|wo|wann|warum|wie)\b/i;

/** Begins a line where an exchange is given as a transcript. */
const SPEAKER = /^(?:user|you|assistant):\s*/i;
/** Where the answer of a transcript begins: what a conversation is about is what was asked. */
const ANSWER = /\n\s*assistant:/i;

/** Longest message that is only a greeting, thanks or a farewell. */
const SMALL_TALK_WORDS = 6;
const MAX_QUOTES = 3;
const MAX_QUOTE = 400;
const SUMMARY_QUOTES = 5;

/** What the offline model says to the last message: it quotes, says what it is, and invents nothing. */
export function replyTo({ question, passages }: Conversation): string {
  return smallTalk(question) ?? aboutItself(question) ?? summary(question, passages) ?? quotes(question, passages);
}

function smallTalk(question: string): string | null {
  if (question.split(/\s+/).length > SMALL_TALK_WORDS) return null;
  if (GREETING.test(question)) return `Hello! ${NOTICE} Tell me something and ask me about it afterwards.`;
  if (THANKS.test(question)) return `You are welcome. (${NOTICE})`;
  return FAREWELL.test(question) ? `Goodbye. This conversation is kept, so you can come back to it. (${NOTICE})` : null;
}

function aboutItself(question: string): string | null {
  if (!ABOUT_ITSELF.test(question)) return null;
  return `${NOTICE} I find the sentences that bear on your question and repeat them word for word. ${ADVICE}`;
}

function summary(question: string, passages: readonly Passage[]): string | null {
  if (!SUMMARY.test(question) || passages.length === 0) return null;
  return `${NOTICE} These sentences say most of what was said so far:\n\n${bullets(mostCentral(passages, SUMMARY_QUOTES))}`;
}

function quotes(question: string, passages: readonly Passage[]): string {
  const found = rank(question, passages).slice(0, MAX_QUOTES);
  if (found.length > 0) return `This bears on your message:\n\n${bullets(found)}\n\n${NOTICE}`;
  const said = `“${shorten(question.replaceAll(/\s+/g, ' '), 160)}”`;
  if (!ASKS.test(question)) return `I have read ${said} and can quote it when you ask about it. ${NOTICE}`;
  return `Nothing in this conversation bears on ${said}, so I have no answer. ${NOTICE} ${ADVICE}`;
}

function bullets(passages: readonly Passage[]): string {
  return passages.map(({ source, text }) => `- ${source}: “${shorten(text, MAX_QUOTE)}”`).join('\n');
}

/** A headline by quotation: the start of what the conversation is about. At most `length` code points. */
export function headlineOf({ question, passages }: Conversation, length: number): string {
  const own = passages.filter(({ source }) => source === 'You').map(({ text }) => text);
  const [asked = ''] = question.split(ANSWER, 1);
  const candidates = [...own, ...sentences(asked)]
    .map((text) => text.replace(SPEAKER, ''))
    .filter((text) => text !== '');
  const first = candidates.find((text) => terms(text).length > 1) ?? candidates[0] ?? 'Conversation';
  return shorten(first.replaceAll(/\s+/g, ' ').replace(/[\s.!?,;:]+$/u, ''), length);
}

/** The most telling sentences, in order, within `length` code points. */
export function summaryOf({ question, passages }: Conversation, length: number): string {
  const all = [...passages, ...sentences(question).map((text) => ({ source: 'You', text }))];
  return shorten(
    mostCentral(all, SUMMARY_QUOTES)
      .map(({ text }) => text)
      .join(' '),
    length,
  );
}
