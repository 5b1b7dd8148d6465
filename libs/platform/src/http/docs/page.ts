import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { pagePolicy } from '../edge/security-headers.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

export interface PageParts {
  readonly title: string;
  /** HTML for the head, given the nonce of this answer. */
  readonly head: (nonce: string) => string;
  /** HTML for the body, given the nonce of this answer. */
  readonly body: (nonce: string) => string;
}

/** Answers with a page that runs and styles nothing but what its nonce allows. */
export function answerPage(request: Request, response: Response, parts: PageParts): string {
  const nonce = randomBytes(16).toString('base64');
  response.setHeader('Content-Security-Policy', pagePolicy(nonce, request.secure));
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(parts.title)}</title>
${parts.head(nonce)}
</head>
<body>
${parts.body(nonce)}
</body>
</html>
`;
}
