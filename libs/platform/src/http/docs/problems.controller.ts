import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { platformErrors } from '../../errors/index.js';
import { AcceptedType } from '../edge/route.guard.js';
import { Endpoint } from '../endpoint.js';
import { OpenRoute } from '../route-metadata.js';
import { answerPage, escapeHtml, type PageParts } from './page.js';
import { ProblemCatalogue, type ProblemEntry } from './problem-catalogue.js';

const JSON_TYPE = 'application/json';
const HTML_OR_JSON = [JSON_TYPE, 'text/html'];

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}code{font-weight:600}';

const page = (title: string, body: string): PageParts => ({
  title,
  head: (nonce) => `<style nonce="${nonce}">${STYLE}</style>`,
  body: () => body,
});

const entryHtml = ({ code, status, title, remedy }: ProblemEntry): string => `<h1><code>${escapeHtml(code)}</code></h1>
<p>${escapeHtml(title)}</p>
<p>Status ${status}.</p>
<h2>What to do</h2>
<p>${escapeHtml(remedy)}</p>
<p><a href="/problems">All problems</a></p>`;

const listHtml = (entries: readonly ProblemEntry[]): string => `<h1>Problems</h1>
<ul>
${entries.map(({ code, title }) => `<li><a href="/problems/${escapeHtml(code)}"><code>${escapeHtml(code)}</code></a> ${escapeHtml(title)}</li>`).join('\n')}
</ul>`;

/** What each error code means, at the address that problems name as their `type`. */
@OpenRoute()
@ApiExcludeController()
@Controller('problems')
export class ProblemsController {
  constructor(private readonly catalogue: ProblemCatalogue) {}

  @Get()
  @Endpoint({ summary: 'All error codes', limit: 'docs', produces: HTML_OR_JSON })
  list(@AcceptedType() type: string, @Req() request: Request, @Res({ passthrough: true }) response: Response): unknown {
    const items = this.catalogue.all();
    return type === JSON_TYPE ? { items } : answerPage(request, response, page('Problems', listHtml(items)));
  }

  @Get(':code')
  @Endpoint({ summary: 'What an error code means', limit: 'docs', produces: HTML_OR_JSON })
  explain(
    @Param('code') code: string,
    @AcceptedType() type: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): unknown {
    const entry = this.catalogue.find(code);
    if (entry === undefined) throw platformErrors.NOT_FOUND();
    return type === JSON_TYPE ? entry : answerPage(request, response, page(entry.code, entryHtml(entry)));
  }
}
