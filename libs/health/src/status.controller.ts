import { Controller, Get, Header } from '@nestjs/common';
import { type Actor, Recognised, RecognisedActor } from '@parley/auth';
import { Endpoint } from '@parley/platform/http';
import { everywhere } from './health-paths.js';
import { StatusDto } from './status.dto.js';
import { StatusService } from './status.service.js';

@Controller()
export class StatusController {
  constructor(private readonly status: StatusService) {}

  /** Open; holders of `system:read` see more. */
  @Recognised()
  @Get(everywhere('status'))
  @Header('Cache-Control', 'private, no-cache')
  @Endpoint({ summary: 'What runs here', tag: 'System', limit: 'health' })
  read(@RecognisedActor() actor: Actor | undefined): Promise<StatusDto> {
    return this.status.read(actor);
  }
}
