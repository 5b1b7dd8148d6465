import type { FakeModel, FakeRequest } from '../fake-model/index.js';

/** Where a question's number of words and their pace are read from: `[12x40] …`. */
const QUESTION = /^\[(\d+)x(\d+)\] (.*)$/s;
const CUT = /\bcut after (\d+)\b/;

/** A question to the scripted model: it is answered with so many words, one in so many milliseconds. */
export function question(words: number, paceMs: number, text: string): string {
  return `[${words}x${paceMs}] ${text}`;
}

/** The whole answer that the scripted model gives to a question. */
export function answerTo(content: string): string {
  return piecesFor(content).join('');
}

/** Lets the model answer every question by its own text; questions may ask to be cut off. */
export function scriptAnswers(
  model: FakeModel,
  cut: (request: FakeRequest) => number | undefined = cutAsked,
): FakeModel {
  return model.script({
    when: { user: QUESTION },
    reply: (request) => {
      const cutAfter = cut(request);
      const betweenMs = Number(QUESTION.exec(request.user)?.[2]);
      return { chunks: piecesFor(request.user), betweenMs, ...(cutAfter === undefined ? {} : { cutAfter }) };
    },
  });
}

function cutAsked(request: FakeRequest): number | undefined {
  const asked = CUT.exec(request.user)?.[1];
  return asked === undefined ? undefined : Number(asked);
}

function piecesFor(content: string): string[] {
  const [, count = '1', , text = ''] = QUESTION.exec(content) ?? [];
  const words = Array.from({ length: Number(count) }, (_, n) => (n % 7 === 3 ? ` 🐦${n}` : ` word${n}`));
  return [`«${text}»:`, ...words];
}
