import { Body, Controller, Delete, Get, Headers, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { platformErrors } from '../../errors/index.js';
import { OpenRoute } from '../route-metadata.js';
import { ApiDocuments } from './api-documents.js';
import { buildOpenApi } from './open-api.js';
import { ProblemCatalogue } from './problem-catalogue.js';

class OwnerDto {
  @ApiProperty({ type: String, nullable: true })
  name!: string | null;
}

class PetDto {
  @ApiProperty({ enum: ['cat', 'dog'], nullable: true })
  kind!: 'cat' | 'dog' | null;

  @ApiProperty({ type: () => OwnerDto, nullable: true })
  owner!: OwnerDto | null;
}

@Controller('pets')
class PetsController {
  @Get(['', 'first'])
  @ApiOkResponse({ type: PetDto })
  read(): PetDto {
    return { kind: null, owner: null };
  }

  @Post()
  write(@Body() pet: PetDto): PetDto {
    return pet;
  }
}

const shape = z.looseObject({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ operationId: z.string(), responses: z.record(z.string(), z.unknown()) })),
  ),
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() })),
  }),
});

it('is OpenAPI 3.1: null is a type, and every operation may end in a problem', async () => {
  const testing = await Test.createTestingModule({ controllers: [PetsController] }).compile();
  const app = testing.createNestApplication({ logger: false });
  const document = buildOpenApi(app, { title: 'Pets', description: 'Tests.', version: '1' });
  expect(JSON.stringify(document)).not.toContain('"nullable"');
  const { openapi, paths, components } = shape.parse(document);
  expect(openapi).toBe('3.1.0');
  expect(paths['/pets']?.['get']?.operationId).toBe('Pets_read');
  expect(paths['/pets/first']?.['get']?.operationId).toBe('Pets_read_2');
  expect(paths['/pets']?.['post']?.responses).toHaveProperty('default');
  expect(components.schemas['Problem']).toBeDefined();
  expect(components.schemas['OwnerDto']?.properties?.['name']).toMatchObject({ type: ['string', 'null'] });
  expect(components.schemas['PetDto']?.properties).toMatchObject({
    kind: { type: ['string', 'null'], enum: ['cat', 'dog', null] },
    owner: { anyOf: [{ $ref: '#/components/schemas/OwnerDto' }, { type: 'null' }] },
  });
  await app.close();
});

describe('documents', () => {
  it('are built once, when somebody asks, and again after a failure', async () => {
    const documents = new ApiDocuments();
    await expect(documents.get('openapi')).rejects.toThrow('no sources');
    let built = 0;
    documents.attach({
      openapi: () => {
        built += 1;
        return built === 1 ? Promise.reject(new Error('broken')) : Promise.resolve({ built });
      },
      asyncapi: () => Promise.resolve({}),
    });
    expect(built).toBe(0);
    await expect(documents.get('openapi')).rejects.toThrow('broken');
    const [one, two] = await Promise.all([documents.get('openapi'), documents.get('openapi')]);
    expect(one).toBe(two);
    expect(one.text).toBe('{"built":2}');
    expect(one.etag).toMatch(/^"[\w-]{22}"$/);
  });
});

it('takes each code once', () => {
  const catalogue = new ProblemCatalogue([platformErrors]);
  expect(catalogue.find('NOT_FOUND')).toMatchObject({ type: '/problems/NOT_FOUND', status: 404 });
  expect(catalogue.find('constructor')).toBeUndefined();
  expect(catalogue.all().length).toBe(Object.keys(platformErrors).length);
  expect(() => new ProblemCatalogue([platformErrors, platformErrors])).toThrow('declared twice');
});

@Controller('houses/:house_id')
class HousesController {
  @Post('search')
  @HttpCode(200)
  @OpenRoute()
  @ApiResponse({ status: 201, type: OwnerDto })
  search(@Headers('user-agent') _agent: string): OwnerDto {
    return { name: null };
  }

  @Delete()
  @HttpCode(204)
  @ApiQuery({ name: 'force', required: true, schema: { type: 'boolean', default: false } })
  @ApiResponse({ status: 200 })
  raze(@Query('force') _force: boolean): void {}
}

it('tells what handlers say of themselves: status, access, path, what may be left out', async () => {
  const testing = await Test.createTestingModule({ controllers: [HousesController] }).compile();
  const app = testing.createNestApplication({ logger: false });
  const { paths } = shape.parse(buildOpenApi(app, { title: 'Houses', description: 'Tests.', version: '1' }));
  const search = paths['/houses/{house_id}/search']?.['post'];
  expect(Object.keys(search?.responses ?? {})).toEqual(['200', 'default']);
  expect(search?.['security']).toEqual([]);
  expect(search?.['parameters']).toEqual([
    { name: 'house_id', in: 'path', required: true, schema: { type: 'string' } },
  ]);
  const raze = paths['/houses/{house_id}']?.['delete'];
  expect(Object.keys(raze?.responses ?? {})).toEqual(['204', 'default']);
  expect(raze).not.toHaveProperty('security');
  expect(raze?.['parameters']).toContainEqual(expect.objectContaining({ name: 'force', required: false }));
});
