import { Param, type PipeTransform, type Type } from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';
import { type IdKind, isId } from '../../ids/index.js';

const pipes = new Map<IdKind, PipeTransform<unknown, string>>();

/** A malformed id answers exactly what an unknown one does. */
class IdPipe implements PipeTransform<unknown, string> {
  constructor(private readonly kind: IdKind) {}

  transform(value: unknown): string {
    if (typeof value !== 'string' || !isId(this.kind, value)) throw platformErrors.NOT_FOUND();
    return value;
  }
}

/**
 * The id of one kind from the path: `@IdParam('session')` reads `:session_id`.
 * @throws NOT_FOUND when malformed
 */
export function IdParam(kind: IdKind, name = `${kind}_id`): ParameterDecorator {
  let pipe = pipes.get(kind);
  if (pipe === undefined) {
    pipe = new IdPipe(kind);
    pipes.set(kind, pipe);
  }
  return Param(name, pipe satisfies PipeTransform | Type<PipeTransform>);
}
