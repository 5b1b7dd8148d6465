import { readFileSync } from 'node:fs';
import { errorCode } from '@parley/platform/config';
import { toPointer } from '@parley/platform/errors';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { DeclarationError, type DeclarationProblem } from './declaration.js';

/** What a YAML file says, and where it says it. */
export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  /** Line of a member, from 1; of the nearest one above where it is absent. */
  lineOf(path: readonly PropertyKey[]): number;
  /** What is wrong at this place of the file, with its line. */
  problem(path: readonly PropertyKey[], reason: string): DeclarationProblem;
}

/** @throws DeclarationError where it cannot be read, or is no YAML */
export function readYamlFile(file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new DeclarationError(
      document.errors.map(({ message, pos: [start] }) => ({
        file,
        line: lines.linePos(start).line,
        pointer: '',
        reason: message.split('\n', 1)[0] ?? 'is no YAML',
      })),
    );
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const value: unknown = document.toJS();
  return {
    file,
    value,
    lineOf,
    problem: (path, reason) => ({ file, line: lineOf(path), pointer: toPointer(path), reason }),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DeclarationError([{ file, pointer: '', reason: `cannot be read (${errorCode(error)})` }]);
  }
}
