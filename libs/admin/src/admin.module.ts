import { Module } from '@nestjs/common';
import { UseCasesModule } from '@parley/use-cases';
import { OverridesController } from './overrides.controller.js';
import { OverridesService } from './overrides.service.js';

/** What administrators read and change across the other libraries. */
@Module({
  imports: [UseCasesModule],
  controllers: [OverridesController],
  providers: [OverridesService],
})
export class AdminModule {}
