import {
  Body,
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Clock, SettableClock } from '../clock/index.js';
import { type Config, ConfigModule, configSchema } from '../config/index.js';
import { CryptoModule } from '../crypto/index.js';
import { Database } from '../database/index.js';
import { platformErrors } from '../errors/index.js';
import { LimiterModule, LimitGuardModule } from '../limiter/index.js';
import { correlationId, identify, MetricsModule } from '../observability/index.js';
import {
  API_PREFIX,
  ApiDocuments,
  CursorCodec,
  configureHttp,
  DOCS_PATHS,
  DocsModule,
  Endpoint,
  type ExpectedVersions,
  expectVersion,
  HttpModule,
  Idempotent,
  IdParam,
  IfMatch,
  ListQueryDto,
  openEventStream,
  type Page,
} from './index.js';

class PartDto {
  @IsString()
  text!: string;
}

class NewThingDto {
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  name!: string;

  @IsOptional()
  @IsInt()
  size?: number;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => PartDto)
  parts?: PartDto[];
}

interface Thing {
  readonly thing_id: string;
  readonly name: string;
  readonly version: number;
  readonly text: string;
}

const thing = (version: number): Thing => ({ thing_id: 'thing', name: 'one', version, text: 'x'.repeat(2000) });

/** Counts what really happened, so that a repetition shows. */
export const made: { things: number; hold: Promise<void> | undefined; failNext: boolean } = {
  things: 0,
  hold: undefined,
  failNext: false,
};

@Controller('things')
class ThingsController {
  constructor(private readonly cursors: CursorCodec) {}

  @Get()
  @Endpoint({ summary: 'List', list: true })
  list(@Query() query: ListQueryDto): Page<Thing> {
    const binding = { list: 'things', orgId: 'o', principalId: 'p' };
    const from = query.cursor === undefined ? 0 : this.cursors.decode(query.cursor, binding, Number);
    const rows = Array.from({ length: query.limit + 1 }, (_, index) => thing(from + index + 1)).filter(
      ({ version }) => version <= 120,
    );
    return this.cursors.page(rows, query.limit, ({ version }) => version, binding);
  }

  @Get(':session_id')
  @Endpoint({ summary: 'Read', etag: ({ version }: Thing) => `${version}.42` })
  get(@IdParam('session') _id: string): Thing {
    return thing(7);
  }

  @Put(':session_id')
  @Endpoint({ summary: 'Change' })
  update(@IdParam('session') _id: string, @IfMatch() expected: ExpectedVersions | undefined): Thing {
    expectVersion(expected, 7, true);
    return thing(8);
  }

  @Post()
  @Idempotent()
  @Endpoint({ summary: 'Make', status: 201, etag: ({ version }: Thing) => `${version}` })
  async create(@Body() input: NewThingDto, @Res({ passthrough: true }) response: Response): Promise<Thing> {
    made.things += 1;
    await made.hold;
    if (made.failNext) {
      made.failNext = false;
      throw platformErrors.OVERLOADED({ retryAfter: 1 });
    }
    response.location(`/things/${made.things}`);
    return { ...thing(made.things), name: input.name };
  }

  @Delete(':session_id')
  @Endpoint({ summary: 'Delete', status: 204 })
  remove(@IdParam('session') _id: string): void {}
}

@Controller('odd')
class OddController {
  @Get('boom')
  @Endpoint({ summary: 'Breaks' })
  boom(): never {
    throw new Error('secret detail of /etc/passwd');
  }

  @Get('slow')
  @Endpoint({ summary: 'Never ends' })
  slow(): Promise<never> {
    return new Promise(() => undefined);
  }

  @Get('patient')
  @Endpoint({ summary: 'Ends late, as it may', unhurried: true })
  async patient(): Promise<object> {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return { late: true };
  }

  @Get('who')
  @Endpoint({ summary: 'Says the correlation id it sees' })
  async who(): Promise<object> {
    await new Promise((resolve) => setImmediate(resolve));
    return { correlation_id: correlationId() };
  }

  @Post('echo')
  @Endpoint({ summary: 'Says the correlation id it sees after a body' })
  async echo(@Body() body: Record<string, unknown>): Promise<object> {
    await new Promise((resolve) => setImmediate(resolve));
    return { correlation_id: correlationId(), body };
  }

  @Post('upload')
  @Endpoint({ summary: 'Takes lines', consumes: ['application/x-ndjson'] })
  async upload(@Req() request: Request): Promise<object> {
    let bytes = 0;
    for await (const chunk of request) bytes += Buffer.from(chunk).length;
    return { bytes };
  }

  @Get('stream')
  @Endpoint({ summary: 'Streams', produces: ['application/json', 'text/event-stream'], unhurried: true })
  stream(@Res() response: Response): void {
    const stream = openEventStream(response, { heartbeatSeconds: 0.05 });
    stream.write({ id: 1, event: 'message.created', data: '{"a":1}' });
    setTimeout(() => stream.end(), 120);
  }

  @Post('login')
  @Endpoint({ summary: 'Limited in the database', limit: 'auth.login' })
  login(): object {
    return { in: true };
  }
}

/** Takes whoever the header names for signed in. */
@Injectable()
class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const name = context.switchToHttp().getRequest<Request>().headers['x-user'];
    if (typeof name === 'string') identify({ principalId: name, orgId: 'org_home', loginId: null });
    return true;
  }
}

@Module({ providers: [{ provide: APP_GUARD, useClass: HeaderGuard }] })
class WhoModule {}

@Controller()
class NoMetricsController {}

export interface HttpTestApp {
  readonly app: NestExpressApplication;
  readonly port: number;
  readonly url: string;
  readonly clock: SettableClock;
}

const HOST = '127.0.0.1';

/** What tests look at in an answer. */
const answerShape = z.looseObject({
  code: z.string().optional(),
  items: z.array(z.unknown()).default([]),
  next_cursor: z.string().nullish(),
  errors: z.array(z.unknown()).default([]),
});

export async function read(answer: globalThis.Response): Promise<z.infer<typeof answerShape>> {
  return answerShape.parse(await answer.json());
}

/** A small application behind the whole edge, listening on a free port. */
export async function openHttpApp(database: Database, overrides: object = {}): Promise<HttpTestApp> {
  const config: Config = configSchema.parse({
    env: 'test',
    keys: { kek: Buffer.alloc(32, 7).toString('base64') },
    ...overrides,
  });
  const clock = new SettableClock();

  @Module({
    providers: [
      { provide: Database, useValue: database },
      { provide: Clock, useValue: clock },
    ],
    exports: [Database, Clock],
  })
  class GroundModule {}

  const ground = { module: GroundModule, global: true };
  const testing = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      ground,
      CryptoModule,
      MetricsModule.forRoot(NoMetricsController),
      HttpModule,
      LimiterModule,
      WhoModule,
      LimitGuardModule,
      DocsModule.forRoot([]),
    ],
    controllers: [ThingsController, OddController],
  }).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  app.setGlobalPrefix(API_PREFIX, { exclude: [...DOCS_PATHS] });
  configureHttp(app, config);
  app.get(ApiDocuments).attach({
    openapi: () => Promise.resolve({ openapi: '3.1.0', paths: {} }),
    asyncapi: () => Promise.resolve({ asyncapi: '3.0.0' }),
  });
  await app.listen(0, HOST);
  const address: unknown = app.getHttpServer().address();
  const port = Number(typeof address === 'object' && address !== null ? Reflect.get(address, 'port') : 0);
  return { app, port, url: `http://${HOST}:${port}`, clock };
}
