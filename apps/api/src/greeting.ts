import type { INestApplicationContext } from '@nestjs/common';
import { ModelCatalogue } from '@parley/llm';
import type { Config } from '@parley/platform/config';
import { DatabaseAccess } from '@parley/platform/database';
import { API_PREFIX } from '@parley/platform/http';
import { programVersion } from '@parley/platform/lifecycle';

/** The short block at the end of a start: where it listens, what answers, where the data lie, and how to go on. */
export function greeting(app: INestApplicationContext, config: Config, url: string): string {
  const database = app.get(DatabaseAccess);
  const models = app.get(ModelCatalogue).describe();
  const answers = models.offline
    ? 'offline (built in, quotes your text; it is no language model: set OPENAI_API_KEY, OLLAMA_BASE_URL, …)'
    : models.roles.default.join(', then ');
  const lines = [
    `Parley ${programVersion()} is ready (${config.env})`,
    `  listens   ${url}`,
    ...(config.http.docs ? [`  swagger   ${url}/docs`] : []),
    `  model     ${answers}`,
    `  database  ${database.mode === 'embedded' ? 'embedded, in' : 'server'} ${database.location}`,
    ...database.notices.map((notice) => `            ${notice}`),
    `  go on     ${curlLine(url, config)}`,
  ];
  return lines.join('\n');
}

function curlLine(url: string, config: Config): string {
  if (config.auth.registration !== 'open') return `curl ${url}/health`;
  const account = `{"email":"you@example.com","password":"correct-horse-battery"}`;
  return `curl -s ${url}/${API_PREFIX}/auth/register -H 'Content-Type: application/json' -d '${account}'`;
}
