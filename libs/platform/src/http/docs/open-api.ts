import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { asJson, isObject, type JsonObject } from './json-values.js';
import { completeOperations, operationFacts, operationId } from './operations.js';

export interface ApiInfo {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** Classes that no handler names, but the document should hold. */
  readonly extraModels?: ReadonlyArray<abstract new (...args: never[]) => unknown>;
}

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem document.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', description: 'Stable address of what the code means.', examples: ['/problems/NOT_FOUND'] },
    title: { type: 'string', examples: ['There is no such thing here.'] },
    status: { type: 'integer', examples: [404] },
    detail: { type: 'string', examples: ['There is no such thing here.'] },
    instance: { type: 'string', description: 'Path of the request.', examples: ['/api/v1/chat/sessions/ses_x'] },
    code: { type: 'string', examples: ['NOT_FOUND'] },
    correlation_id: { type: 'string', examples: ['51401c24-849b-44ba-a176-b6e06fae038b'] },
    retry_after: { type: 'number', description: 'Seconds.', examples: [12] },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: {
          pointer: {
            type: 'string',
            description: 'RFC 6901 pointer into the input.',
            examples: ['/settings/temprature'],
          },
          code: { type: 'string', examples: ['UNKNOWN_KEY'] },
          detail: { type: 'string', examples: ['temprature is not known; the nearest known name is temperature'] },
        },
      },
    },
  },
} as const;

const PROBLEM_ANSWER = {
  description: 'A problem, by its code.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Every operation may end in a problem. */
function addProblems(document: JsonObject): void {
  const { paths, components } = document;
  if (isObject(components) && isObject(components['schemas'])) components['schemas']['Problem'] = asJson(PROBLEM);
  for (const path of isObject(paths) ? Object.values(paths) : []) {
    for (const operation of isObject(path) ? Object.values(path) : []) {
      const responses = isObject(operation) ? operation['responses'] : undefined;
      if (isObject(responses)) responses['default'] ??= asJson(PROBLEM_ANSWER);
    }
  }
}

/** The OpenAPI 3.1 document of an application, from its controllers and DTO classes. */
export function buildOpenApi(app: INestApplication, info: ApiInfo): object {
  const config = new DocumentBuilder()
    .setTitle(info.title)
    .setDescription(info.description)
    .setVersion(info.version)
    .setOpenAPIVersion('3.1.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'The server that serves this document.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Access token or API key.' }, 'bearer')
    .addSecurityRequirements('bearer')
    .build();
  const made: OpenAPIObject = SwaggerModule.createDocument(app, config, {
    extraModels: [...(info.extraModels ?? [])],
    operationIdFactory: operationId,
    autoTagControllers: false,
  });
  const document = asJson(made);
  // Swagger writes an empty one.
  if (isObject(document['info'])) delete document['info']['contact'];
  completeOperations(document, operationFacts(app));
  addProblems(document);
  return document;
}
