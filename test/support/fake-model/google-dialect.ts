import type { Dialect, ReadChat } from './dialect.js';
import { isObject, listAt, objectAt, textAt, textOfContent } from './json.js';
import type { FakeUsage } from './record.js';

const FINISH_REASONS: Readonly<Record<string, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
};

/** Google's generateContent API; the model is in the path. The schema of a structured request has no name here. */
export const googleDialect: Dialect = {
  name: 'google',

  readChat(body, path): ReadChat {
    const system = partsText(objectAt(body, 'systemInstruction'));
    const contents = listAt(body, 'contents');
    const users = contents.filter((content) => textAt(content, 'role') === 'user');
    const schema = objectAt(body, 'generationConfig')['responseJsonSchema'];
    return {
      model: /\/models\/([^:/]+):/.exec(path)?.[1] ?? '',
      system,
      user: partsText(users.at(-1)),
      schema: schema === undefined ? null : { name: '', schema },
      stream: path.includes(':streamGenerateContent'),
      texts: [system, ...contents.map(partsText)],
      wantsUsage: true,
    };
  },

  open: () => '',
  piece: (_request, text) => `data: ${JSON.stringify(candidate(text, null, null))}\n\n`,
  close: (_request, finishReason, usage) => `data: ${JSON.stringify(candidate('', finished(finishReason), usage))}\n\n`,
  whole: (_request, text, finishReason, usage) => JSON.stringify(candidate(text, finished(finishReason), usage)),
  error: (status, { message }) => JSON.stringify({ error: { code: status, message, status: 'UNAVAILABLE' } }),
};

function candidate(text: string, finishReason: string | null, usage: FakeUsage | null): object {
  return {
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts: [{ text }] },
        ...(finishReason === null ? {} : { finishReason }),
      },
    ],
    ...(usage === null
      ? {}
      : {
          usageMetadata: {
            promptTokenCount: usage.input,
            candidatesTokenCount: usage.output,
            totalTokenCount: usage.input + usage.output,
          },
        }),
  };
}

function finished(finishReason: string | undefined): string {
  return FINISH_REASONS[finishReason ?? 'stop'] ?? finishReason ?? 'STOP';
}

function partsText(content: unknown): string {
  return textOfContent(isObject(content) ? content['parts'] : undefined);
}
