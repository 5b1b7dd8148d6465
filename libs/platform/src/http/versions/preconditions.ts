import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';

/** Versions that the caller's `If-Match` allows; `any` for `*`. */
export type ExpectedVersions = 'any' | readonly number[];

/** `"7.42"` names version 7 (and log position 42, which no change depends on). */
const TAG = /^"(\d{1,15})(?:\.[^"]*)?"$/;

/**
 * Reads `If-Match`. Weak and foreign tags match nothing, as RFC 9110 wants it.
 * @returns undefined when the header is absent
 */
export function parseIfMatch(header: string | undefined): ExpectedVersions | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'any';
  const versions: number[] = [];
  for (const part of header.split(',')) {
    const version = TAG.exec(part.trim())?.[1];
    if (version !== undefined) versions.push(Number(version));
  }
  return versions;
}

/**
 * To be called where the row is locked or in the condition of its update.
 * @param required for shared and administrative objects, where silence may not win
 * @throws PRECONDITION_REQUIRED, PRECONDITION_FAILED
 */
export function expectVersion(expected: ExpectedVersions | undefined, version: number, required = false): void {
  if (expected === undefined) {
    if (required) throw platformErrors.PRECONDITION_REQUIRED();
    return;
  }
  if (expected !== 'any' && !expected.includes(version)) throw platformErrors.PRECONDITION_FAILED();
}

/** The versions that `If-Match` allows, for the service to hold against the row. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): ExpectedVersions | undefined =>
  parseIfMatch(context.switchToHttp().getRequest<{ headers: { 'if-match'?: string } }>().headers['if-match']),
);
