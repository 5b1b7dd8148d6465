import { applyDecorators, UseInterceptors } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';

/**
 * For every POST that creates: with `Idempotency-Key` the call is made once, and its answer is given
 * again. Routes whose replays join something that runs (messages) read `@IdempotencyKey()` instead.
 */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string', maxLength: 128 } }),
  );
