import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { type Assignment, isSection, keyNamed, type Layer, nearestKeyName } from './assignment.js';
import type { ConfigFinding } from './config.errors.js';
import { errorCode } from './error-code.js';

interface YamlFile {
  readonly path: string;
  /** How refusals name the file. */
  readonly label: string;
  /** How refusals name whoever said that there is such a file. */
  readonly namedBy: string;
}

/** What one YAML file sets. */
export function readYamlLayer(file: YamlFile): Layer {
  try {
    return parseYamlLayer(readFileSync(file.path, 'utf8'), file.label);
  } catch (error) {
    const problem = `the file cannot be read (${errorCode(error)})`;
    return { assignments: [], findings: [{ source: file.namedBy, problem }] };
  }
}

/** @param label how refusals name the text, e.g. `config/default.yaml` */
export function parseYamlLayer(text: string, label: string): Layer {
  const lines = new LineCounter();
  // Pretty errors would quote the text around the fault.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings].map(({ pos, code }) => ({ at: pos[0], what: code }));
  const findings = [...faults, ...danglingAliases(document)].map(({ at, what }) => ({
    source: `${label}:${lines.linePos(at).line}`,
    problem: `not valid YAML (${what.toLowerCase().replaceAll('_', ' ')})`,
  }));
  if (findings.length > 0) return { assignments: [], findings };
  return new Reader(document, lines, label).read();
}

/** The parser leaves aliases without an anchor for later. */
function danglingAliases(document: Document.Parsed): { at: number; what: string }[] {
  const found: { at: number; what: string }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) found.push({ at: alias.range?.[0] ?? 0, what: 'unknown alias' });
    },
  });
  return found;
}

class Reader {
  private readonly assignments: Assignment[] = [];
  private readonly findings: ConfigFinding[] = [];

  constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
    private readonly label: string,
  ) {}

  read(): Layer {
    this.readSection(this.values(), []);
    return { assignments: this.assignments, findings: this.findings };
  }

  private values(): unknown {
    try {
      return this.document.toJS();
    } catch {
      // With every alias known, the only thing left to fail is the bound on what aliases may unfold to.
      this.refuse([], 'not valid YAML (aliases unfold to too much)');
      return null;
    }
  }

  private readSection(value: unknown, path: readonly string[]): void {
    // A section whose lines are all commented out reads as null.
    if (value === null) return;
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.refuse(path, 'expected a section with keys of its own');
      return;
    }
    for (const [name, member] of Object.entries(value)) this.readMember(member, [...path, name]);
  }

  private readMember(value: unknown, path: readonly string[]): void {
    const name = path.join('.');
    const key = keyNamed(name);
    if (key?.name === 'env') this.refuse(path, 'is chosen by PARLEY_ENV, never in a file');
    else if (key !== undefined) this.assignments.push({ key, value, source: this.place(path), from: 'file' });
    else if (isSection(name)) this.readSection(value, path);
    else this.refuse(path, `there is no such key; the nearest is ${nearestKeyName(name)}`);
  }

  private refuse(path: readonly string[], problem: string): void {
    this.findings.push({ source: this.place(path), problem });
  }

  /** `config/default.yaml:12 http.port` */
  private place(path: readonly string[]): string {
    const line = this.lineOf(path);
    return [
      line === undefined ? this.label : `${this.label}:${line}`,
      ...(path.length === 0 ? [] : [path.join('.')]),
    ].join(' ');
  }

  private lineOf(path: readonly string[]): number | undefined {
    const parent: unknown = path.length < 2 ? this.document.contents : this.document.getIn(path.slice(0, -1), true);
    if (!isMap(parent)) return undefined;
    const key = parent.items
      .map((pair) => pair.key)
      .find((node) => isScalar(node) && String(node.value) === path.at(-1));
    return isScalar(key) && key.range ? this.lines.linePos(key.range[0]).line : undefined;
  }
}
