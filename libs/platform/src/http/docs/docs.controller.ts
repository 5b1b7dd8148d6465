import { Controller, Get, Inject, Param, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CONFIG, type Config } from '../../config/index.js';
import { platformErrors } from '../../errors/index.js';
import { API_PREFIX } from '../api-prefix.js';
import { Endpoint } from '../endpoint.js';
import { OpenRoute } from '../route-metadata.js';
import { noneMatch } from '../versions/versioned.interceptor.js';
import { ApiDocuments, type DocumentSources } from './api-documents.js';
import { openAsset } from './docs-assets.js';
import { answerPage } from './page.js';

const HTML = ['text/html'];
const both = (path: string): string[] => [path, `${API_PREFIX}/${path}`];

/** The descriptions of the interface, at the root and under `/api/v1`; all of them off by `http.docs`. */
@OpenRoute()
@ApiExcludeController()
@Controller()
export class DocsController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly documents: ApiDocuments,
  ) {}

  @Get(both('openapi.json'))
  @Endpoint({ summary: 'OpenAPI 3.1', limit: 'docs' })
  openapi(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.document('openapi', request, response);
  }

  @Get(both('asyncapi.json'))
  @Endpoint({ summary: 'AsyncAPI 3', limit: 'docs' })
  asyncapi(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.document('asyncapi', request, response);
  }

  @Get(both('docs'))
  @Endpoint({ summary: 'Swagger UI', limit: 'docs', produces: HTML })
  swagger(@Req() request: Request, @Res({ passthrough: true }) response: Response): string {
    this.requireDocs();
    return answerPage(request, response, {
      title: 'Parley: Swagger UI',
      head: () =>
        '<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><link rel="icon" href="/docs/assets/favicon-32x32.png">',
      body: (nonce) => `<div id="docs"></div>
<script nonce="${nonce}" src="/docs/assets/swagger-ui-bundle.js"></script>
<script nonce="${nonce}" src="/docs/assets/swagger-start.js" data-document="/openapi.json"></script>`,
    });
  }

  @Get(both('redoc'))
  @Endpoint({ summary: 'ReDoc', limit: 'docs', produces: HTML })
  redoc(@Req() request: Request, @Res({ passthrough: true }) response: Response): string {
    this.requireDocs();
    return answerPage(request, response, {
      title: 'Parley: ReDoc',
      head: () => '<link rel="icon" href="/docs/assets/favicon-32x32.png">',
      body: (nonce) => `<div id="docs"></div>
<script nonce="${nonce}" src="/docs/assets/redoc.standalone.js"></script>
<script nonce="${nonce}" src="/docs/assets/redoc-start.js" data-document="/openapi.json"></script>`,
    });
  }

  @Get('docs/assets/:name')
  @Endpoint({
    summary: 'Scripts and styles of the pages',
    limit: 'docs',
    produces: ['text/css', 'text/javascript', 'image/png'],
  })
  async asset(
    @Param('name') name: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    this.requireDocs();
    const { type, content } = await openAsset(name);
    response.setHeader('Content-Type', type);
    response.setHeader('Cache-Control', 'public, max-age=3600');
    return content;
  }

  private async document(name: keyof DocumentSources, request: Request, response: Response): Promise<void> {
    this.requireDocs();
    const { text, etag } = await this.documents.get(name);
    response.setHeader('ETag', etag);
    response.setHeader('Cache-Control', 'no-cache');
    if (noneMatch(request.headers['if-none-match'], etag)) {
      response.status(304).end();
      return;
    }
    response.type('application/json').send(text);
  }

  private requireDocs(): void {
    if (!this.config.http.docs) throw platformErrors.NOT_FOUND();
  }
}
