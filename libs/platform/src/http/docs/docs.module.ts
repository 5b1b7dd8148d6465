import { type DynamicModule, Module } from '@nestjs/common';
import { type ErrorCatalogue, platformErrors } from '../../errors/index.js';
import { API_PREFIX } from '../api-prefix.js';
import { ApiDocuments } from './api-documents.js';
import { DocsController } from './docs.controller.js';
import { ProblemCatalogue } from './problem-catalogue.js';
import { ProblemsController } from './problems.controller.js';

/**
 * The paths that this module serves as they stand: to be excluded from a global prefix
 * (`app.setGlobalPrefix(API_PREFIX, { exclude: [...DOCS_PATHS] })`).
 */
export const DOCS_PATHS = [
  ...['openapi.json', 'asyncapi.json', 'docs', 'redoc'].flatMap((path) => [path, `${API_PREFIX}/${path}`]),
  'docs/assets/:name',
  'problems',
  'problems/:code',
] as const;

@Module({})
export class DocsModule {
  /** @param catalogues of all libraries but the platform itself */
  static forRoot(catalogues: readonly ErrorCatalogue[]): DynamicModule {
    return {
      module: DocsModule,
      controllers: [DocsController, ProblemsController],
      providers: [
        ApiDocuments,
        { provide: ProblemCatalogue, useFactory: () => new ProblemCatalogue([platformErrors, ...catalogues]) },
      ],
      exports: [ApiDocuments, ProblemCatalogue],
    };
  }
}
