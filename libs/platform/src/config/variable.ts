import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigFinding } from './config.errors.js';
import type { Environment } from './environment.js';
import { errorCode } from './error-code.js';

/** `<name>_FILE` names a file that holds the value of `<name>`. */
export const FILE_SUFFIX = '_FILE';

export interface Variable {
  readonly name: string;
  readonly text: string;
}

/** A variable's text, given plainly or by `<name>_FILE`. */
export function readVariable(
  env: Environment,
  name: string,
  cwd: string,
  findings: ConfigFinding[],
): Variable | undefined {
  const plain = env[name] ?? '';
  const file = env[`${name}${FILE_SUFFIX}`] ?? '';
  if (plain !== '' && file !== '') {
    findings.push({ source: name, problem: `set plainly and by ${name}${FILE_SUFFIX} too: keep one of them` });
    return undefined;
  }
  if (file !== '') return readFromFile(`${name}${FILE_SUFFIX}`, resolve(cwd, file), findings);
  return plain === '' ? undefined : { name, text: plain };
}

function readFromFile(name: string, path: string, findings: ConfigFinding[]): Variable | undefined {
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (text !== '') return { name, text };
    findings.push({ source: name, problem: 'the file it names is empty' });
  } catch (error) {
    findings.push({ source: name, problem: `the file it names cannot be read (${errorCode(error)})` });
  }
  return undefined;
}
