import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const GENERATED = join(import.meta.dirname, '../../docs/generated/openapi.json');

type Json = Record<string, unknown>;

interface Operation {
  readonly method: string;
  readonly template: string;
  readonly path: RegExp;
  readonly responses: Json;
}

export interface AnswerToJudge {
  readonly method: string;
  /** With or without query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The document that `npm run gen` writes, from the built program: what clients are generated from. */
export function generatedOpenApi(): Json {
  return objectOf(JSON.parse(readFileSync(GENERATED, 'utf8')));
}

/** Holds answers against what the OpenAPI document declares for them. */
export class DeclaredShapes {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  private readonly operations: readonly Operation[];

  constructor(document: Json = generatedOpenApi()) {
    this.ajv.addSchema(document, 'openapi');
    this.operations = Object.entries(objectOf(document['paths'])).flatMap(([template, operations]) =>
      Object.entries(objectOf(operations)).map(([method, operation]) => ({
        method: method.toUpperCase(),
        template,
        path: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
        responses: objectOf(objectOf(operation)['responses']),
      })),
    );
  }

  /** What is wrong with an answer, in words; an empty list where nothing is, or nothing was declared. */
  faultsOf(answer: AnswerToJudge): string[] {
    const path = answer.path.split('?', 1)[0] ?? '';
    const operation = this.operations.find((one) => one.method === answer.method && one.path.test(path));
    if (operation === undefined) return [];
    const { method, template, responses } = operation;
    const name = Object.hasOwn(responses, answer.status) ? String(answer.status) : 'default';
    if (answer.status < 400 && name === 'default') return [`${method} ${template}: ${answer.status} is not declared`];
    return this.judge(
      answer,
      `${pointer(['paths', template, method.toLowerCase(), 'responses', name])}`,
      responses[name],
    );
  }

  private judge({ headers, text, status }: AnswerToJudge, place: string, declared: unknown): string[] {
    const content = objectOf(objectOf(declared)['content']);
    const type = headers.get('content-type')?.split(';', 1).join() ?? '';
    if (text === '') return Object.keys(content).length === 0 || status === 304 ? [] : [`${place}: nothing was sent`];
    if (!Object.hasOwn(content, type)) return [`${place}: ${type} is not declared`];
    if (!/json$/.test(type) || objectOf(content[type])['schema'] === undefined) return [];
    const validate = this.validatorOf(`openapi#${place}${pointer(['content', type, 'schema'])}`);
    return validate(JSON.parse(text)) ? [] : wordsOf(validate).map((words) => `${place} ${words}`);
  }

  private validatorOf(reference: string): ValidateFunction {
    const validate = this.ajv.getSchema(reference);
    if (validate === undefined) throw new Error(`${reference} leads nowhere`);
    return validate;
  }
}

function wordsOf({ errors }: ValidateFunction): string[] {
  return (errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

function pointer(parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
