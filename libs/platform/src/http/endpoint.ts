import { applyDecorators, HttpCode, SetMetadata, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { LimitClass, type LimitClassName } from '../limiter/index.js';
import { ListInterceptor } from './lists/list.interceptor.js';
import { REQUEST_EXAMPLE, type RouteTraits, Traits } from './route-metadata.js';
import { VersionedInterceptor } from './versions/versioned.interceptor.js';

export interface EndpointOptions<T> extends RouteTraits {
  /** One sentence for the reader of the API document. */
  readonly summary: string;
  readonly description?: string;
  readonly tag?: string;
  /** Status of success; default 200, for every method. */
  readonly status?: number;
  /** The limit class; default: `read`, `write` or `anonymous`. */
  readonly limit?: LimitClassName;
  /** The handler returns a `Page`: adds `Link` and understands `?fields=`. */
  readonly list?: boolean;
  /** The opaque part of the answer's strong ETag (`7.42` becomes `"7.42"`); answers 304 on `If-None-Match`. */
  readonly etag?: (body: T) => string;
  readonly deprecated?: boolean;
  /** A body that is taken as it stands: what the pages of the document offer to send. */
  readonly example?: Readonly<Record<string, unknown>>;
}

const LIST = new ListInterceptor();

/**
 * What every handler has to say about itself, in one decorator: its document, status of success,
 * limit class, media types, time limit, list or version. Who may call it stays apart
 * (`@Requires`, `@Public`), and so does `@Idempotent`.
 */
export function Endpoint<T = unknown>(options: EndpointOptions<T>): MethodDecorator {
  const { status = 200, consumes, produces, unhurried } = options;
  return applyDecorators(
    HttpCode(status),
    Traits({
      ...(consumes === undefined ? {} : { consumes }),
      ...(produces === undefined ? {} : { produces }),
      ...(unhurried === undefined ? {} : { unhurried }),
    }),
    ...documented(options),
    ...behaving(options),
  );
}

function documented<T>(options: EndpointOptions<T>): MethodDecorator[] {
  const { summary, description, tag, produces, deprecated, example } = options;
  const decorators: MethodDecorator[] = [
    ApiOperation({
      summary,
      ...(description === undefined ? {} : { description }),
      ...(deprecated === undefined ? {} : { deprecated }),
    }),
  ];
  if (tag !== undefined) decorators.push(ApiTags(tag));
  if (example !== undefined) decorators.push(SetMetadata(REQUEST_EXAMPLE, example));
  if (produces !== undefined) decorators.push(ApiProduces(...produces));
  return decorators;
}

function behaving<T>({ limit, list, etag }: EndpointOptions<T>): MethodDecorator[] {
  const decorators: MethodDecorator[] = [];
  if (limit !== undefined) decorators.push(LimitClass(limit));
  if (list === true) decorators.push(UseInterceptors(LIST));
  if (etag !== undefined) decorators.push(UseInterceptors(new VersionedInterceptor(etag)));
  return decorators;
}
