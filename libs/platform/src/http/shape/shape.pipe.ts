import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type Dto, parseQueryShape, parseShape } from './parse-shape.js';

const PLAIN = new Set<unknown>([String, Boolean, Number, Array, Object, undefined]);

function isDto(metatype: unknown): metatype is Dto<object> {
  return typeof metatype === 'function' && !PLAIN.has(metatype);
}

/** Every body and query becomes its DTO, or a problem that says what is wrong where. */
@Injectable()
export class ShapePipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (!isDto(metatype)) return value;
    if (type === 'body') return parseShape(metatype, value === undefined ? {} : value);
    if (type === 'query') return parseQueryShape(metatype, value);
    return value;
  }
}
