import type { INestApplicationContext } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { REQUEST_EXAMPLE, ROUTE_ACCESS } from '../route-metadata.js';
import { asJson, isObject, type Json, type JsonObject } from './json-values.js';

/** What a handler says of itself that Swagger's own explorer does not see behind composed decorators. */
export interface OperationFacts {
  /** Status of success, where one was set. */
  readonly status: number | undefined;
  /** `public`, `recognised`, or whatever needs a principal. */
  readonly access: unknown;
  /** A body to send, where one is declared. */
  readonly example: JsonObject | undefined;
}

/** `Sessions_list`; the further paths of one handler, which Nest numbers, are `Sessions_list_2` and so on. */
export function operationId(controller: string, method: string): string {
  const [, name = method, index = '0'] = /^(.*)\[(\d+)\]$/.exec(method) ?? [];
  return `${controller.replace(/Controller$/, '')}_${name}${index === '0' ? '' : `_${Number(index) + 1}`}`;
}

/** The facts of every handler by its operation id. */
export function operationFacts(app: INestApplicationContext): ReadonlyMap<string, OperationFacts> {
  const facts = new Map<string, OperationFacts>();
  for (const { controllers } of app.get(ModulesContainer, { strict: false }).values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype === 'function') addFacts(facts, metatype);
    }
  }
  return facts;
}

function addFacts(facts: Map<string, OperationFacts>, controller: { name: string; prototype?: unknown }): void {
  const prototype: unknown = controller.prototype;
  if (typeof prototype !== 'object' || prototype === null) return;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const handler: unknown = Reflect.get(prototype, name);
    if (typeof handler !== 'function' || !Reflect.hasMetadata(METHOD_METADATA, handler)) continue;
    const status: unknown = Reflect.getMetadata(HTTP_CODE_METADATA, handler);
    facts.set(operationId(controller.name, name), {
      status: typeof status === 'number' ? status : undefined,
      access: Reflect.getMetadata(ROUTE_ACCESS, handler) ?? Reflect.getMetadata(ROUTE_ACCESS, controller),
      example: exampleOf(handler),
    });
  }
}

function exampleOf(handler: object): JsonObject | undefined {
  const example: unknown = Reflect.getMetadata(REQUEST_EXAMPLE, handler);
  return typeof example === 'object' && example !== null ? asJson(example) : undefined;
}

const SAID: Readonly<Record<string, string>> = {
  '200': 'Done; the answer.',
  '201': 'Made.',
  '202': 'Taken; it goes on.',
  '204': 'Done; there is nothing to say.',
};

/** Headers that handlers read for themselves and clients send anyway. */
const PASSED_OVER = new Set(['user-agent']);

/** Tells of every operation what its handler does: status, who may come, what its path and query really need. */
export function completeOperations(document: JsonObject, facts: ReadonlyMap<string, OperationFacts>): void {
  for (const [path, operations] of members(document['paths'])) {
    for (const [method, operation] of members(operations)) {
      if (!isObject(operation)) continue;
      // The same handler on a second path is counted up.
      const id = String(operation['operationId']).replace(/_\d+$/, '');
      completeParameters(operation, path);
      completeBody(operation, facts.get(id)?.example);
      completeResponses(operation, method, facts.get(id)?.status);
      completeSecurity(operation, facts.get(id)?.access);
    }
  }
}

function completeParameters(operation: JsonObject, path: string): void {
  const declared = Array.isArray(operation['parameters']) ? operation['parameters'].filter(isObject) : [];
  const kept = declared.filter(({ name }) => !PASSED_OVER.has(String(name).toLowerCase()));
  for (const parameter of kept) {
    // What has a default may be left out.
    if (isObject(parameter['schema']) && 'default' in parameter['schema']) parameter['required'] = false;
  }
  const named = new Set(kept.flatMap(({ in: place, name }) => (place === 'path' ? [name] : [])));
  const missing = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name = '']) => (named.has(name) ? [] : [name]));
  operation['parameters'] = [...missing.map(pathParameter), ...kept];
}

function pathParameter(name: string): JsonObject {
  return { name, in: 'path', required: true, schema: { type: 'string' } };
}

/** What a page would make up from the members one by one is seldom taken. */
function completeBody(operation: JsonObject, example: JsonObject | undefined): void {
  const { requestBody } = operation;
  if (example === undefined || !isObject(requestBody)) return;
  for (const [, media] of members(requestBody['content'])) if (isObject(media)) media['example'] = example;
}

/** The explorer takes 201 for every POST and 200 for all else. */
function completeResponses(operation: JsonObject, method: string, status: number | undefined): void {
  const { responses } = operation;
  if (!isObject(responses)) return;
  const guessed = method === 'post' ? '201' : '200';
  moveResponse(responses, guessed, String(status ?? guessed));
  for (const [code, response] of members(responses)) {
    if (isObject(response) && response['description'] === '') response['description'] = SAID[code] ?? '';
  }
}

function moveResponse(responses: JsonObject, from: string, to: string): void {
  const answer = responses[from];
  if (from === to || answer === undefined || responses[to] !== undefined) return;
  responses[to] = answer;
  delete responses[from];
}

function completeSecurity(operation: JsonObject, access: unknown): void {
  if (access === 'public') operation['security'] = [];
  else if (access === 'recognised') operation['security'] = [{}, { bearer: [] }];
}

function members(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}
