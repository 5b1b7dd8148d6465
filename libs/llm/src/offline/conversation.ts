import type { ChatMessage } from '../providers/chat-model.js';
import { sentences } from './words.js';

const BLOCK = /<<<block (\S+) source=(.*?)>>>\n?([\s\S]*?)\n?<<<end \1>>>/g;
const TITLE = / title="(.+)"$/;
/** By which the offline model knows its own words again, so that it never quotes itself. */
export const SIGNATURE = 'offline responder';
/** Text that is looked at, from the newest back. */
const MAX_TEXT = 100_000;

/** A sentence that may be quoted, and where it stands. */
export interface Passage {
  readonly text: string;
  /** For a reader: `You`, `Assistant`, or the title or source of a context block. */
  readonly source: string;
}

export interface Conversation {
  /** The last message of the user. */
  readonly question: string;
  /** Everything before it that may be quoted, oldest first; context blocks come first. */
  readonly passages: readonly Passage[];
}

export function readConversation(messages: readonly ChatMessage[]): Conversation {
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const history = messages.filter(({ role }, index) => role !== 'system' && index < lastUser);
  const blocks = messages.flatMap(({ content }) => blocksOf(content));
  const spoken = history
    .filter(({ role, content }) => role === 'user' || !content.includes(SIGNATURE))
    .map(({ role, content }) => ({ source: role === 'user' ? 'You' : 'Assistant', text: withoutBlocks(content) }));
  return {
    question: withoutBlocks(messages[lastUser]?.content ?? '').trim(),
    passages: newest([...blocks, ...spoken]).flatMap(({ source, text }) => {
      return sentences(text).map((sentence) => ({ source, text: sentence }));
    }),
  };
}

function blocksOf(content: string): Passage[] {
  return [...content.matchAll(BLOCK)].map(([, , header = '', text = '']) => {
    return { source: TITLE.exec(header)?.[1] ?? header.replace(/ title=.*$/, '').trim(), text };
  });
}

function withoutBlocks(content: string): string {
  return content.includes('<<<block ') ? content.replaceAll(BLOCK, ' ') : content;
}

function newest(texts: readonly Passage[]): Passage[] {
  let left = MAX_TEXT;
  const kept: Passage[] = [];
  for (const { source, text } of texts.toReversed()) {
    if (left <= 0) break;
    kept.unshift({ source, text: text.slice(-left) });
    left -= text.length;
  }
  return kept;
}
