import type { Dialect, ReadChat } from './dialect.js';
import { isObject, listAt, objectAt, textAt, textOfContent } from './json.js';
import type { FakeRequest } from './record.js';

const CREATED = 1_700_000_000;

/** OpenAI chat completions, as OpenAI, Ollama, vLLM and their kin speak it. */
export const openAiDialect: Dialect = {
  name: 'openai',

  readChat(body): ReadChat {
    const system: string[] = [];
    const texts: string[] = [];
    let user = '';
    for (const message of listAt(body, 'messages')) {
      const text = textOfContent(isObject(message) ? message['content'] : undefined);
      const role = textAt(message, 'role');
      if (role === 'system' || role === 'developer') system.push(text);
      if (role === 'user') user = text;
      texts.push(text);
    }
    return {
      model: textAt(body, 'model') ?? '',
      system: system.join('\n'),
      user,
      schema: requestedSchema(body),
      stream: isObject(body) && body['stream'] === true,
      texts,
      wantsUsage: objectAt(body, 'stream_options')['include_usage'] === true,
    };
  },

  open: (request) => chunk(request, '{"role":"assistant","content":""}'),

  piece: (request, text) => chunk(request, `{"content":${JSON.stringify(text)}}`),

  close(request, finishReason, usage) {
    const last = `${head(request)}"choices":[{"index":0,"delta":{},"finish_reason":${JSON.stringify(finishReason ?? 'stop')}}]}\n\n`;
    const counted =
      usage === null
        ? ''
        : `${head(request)}"choices":[],"usage":${JSON.stringify(wireUsage(usage.input, usage.output))}}\n\n`;
    return `${last}${counted}data: [DONE]\n\n`;
  },

  whole(request, text, finishReason, usage) {
    return JSON.stringify({
      id: `chatcmpl-${request.n}`,
      object: 'chat.completion',
      created: CREATED,
      model: request.model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text },
          finish_reason: finishReason ?? 'stop',
          logprobs: null,
        },
      ],
      ...(usage === null ? {} : { usage: wireUsage(usage.input, usage.output) }),
    });
  },

  error: (status, { message, code, param }) =>
    JSON.stringify({
      error: {
        message,
        type: status === 429 ? 'rate_limit_error' : 'invalid_request_error',
        code: code ?? null,
        param: param ?? null,
      },
    }),
};

function head(request: FakeRequest): string {
  return `data: {"id":"chatcmpl-${request.n}","object":"chat.completion.chunk","created":${CREATED},"model":${JSON.stringify(request.model)},`;
}

function chunk(request: FakeRequest, delta: string): string {
  return `${head(request)}"choices":[{"index":0,"delta":${delta},"finish_reason":null}]}\n\n`;
}

function wireUsage(input: number, output: number): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function requestedSchema(body: unknown): ReadChat['schema'] {
  const format = objectAt(body, 'response_format');
  if (format['type'] !== 'json_schema') return null;
  const named = objectAt(format, 'json_schema');
  return { name: textAt(named, 'name') ?? '', schema: named['schema'] };
}
