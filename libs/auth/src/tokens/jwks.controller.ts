import { Controller, Get, Header } from '@nestjs/common';
import { Endpoint } from '@parley/platform/http';
import { Public } from '../access/access.decorators.js';
import { JwkSetDto } from './jwks.dto.js';
import { TokenKeys } from './token-keys.js';

@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: TokenKeys) {}

  @Get('jwks.json')
  @Public()
  @Header('Cache-Control', 'public, max-age=300')
  @Endpoint({
    summary: 'The public keys of access tokens',
    tag: 'Accounts',
    produces: ['application/json', 'application/jwk-set+json'],
  })
  async read(): Promise<JwkSetDto> {
    return { keys: await this.keys.published() };
  }
}
