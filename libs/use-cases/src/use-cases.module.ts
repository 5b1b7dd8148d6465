import { Module } from '@nestjs/common';
import { LlmModule } from '@parley/llm';
import { CONFIG, type Config } from '@parley/platform/config';
import { CATALOGUE } from './catalogue/index.js';
import { Components } from './components/component.js';
import { ComponentMetrics } from './components/component.metrics.js';
import { TextChat } from './components/text-chat/text-chat.component.js';
import { loadUseCases } from './declaration/load-use-cases.js';
import { OverridesRepository } from './overrides/overrides.repository.js';
import { UseCaseConfiguration } from './overrides/use-case-configuration.service.js';
import { UseCaseOverrides } from './overrides/use-case-overrides.service.js';
import { SummaryWriter } from './summary-writer.service.js';
import { TitleWriter } from './title-writer.service.js';
import { TurnEngine } from './turn/turn-engine.service.js';
import { TurnPlanner } from './turn/turn-planner.service.js';
import { USE_CASES, UseCaseCatalogue } from './use-case-catalogue.service.js';
import { UseCasesController } from './use-cases.controller.js';

@Module({
  imports: [LlmModule],
  controllers: [UseCasesController],
  providers: [
    TextChat,
    { provide: Components, useFactory: (textChat: TextChat) => new Components([textChat]), inject: [TextChat] },
    {
      provide: USE_CASES,
      useFactory: (components: Components, config: Config) =>
        loadUseCases({ builtIn: CATALOGUE, components, dir: config.use_cases.dir }),
      inject: [Components, CONFIG],
    },
    OverridesRepository,
    UseCaseOverrides,
    UseCaseCatalogue,
    UseCaseConfiguration,
    TurnPlanner,
    ComponentMetrics,
    TurnEngine,
    SummaryWriter,
    TitleWriter,
  ],
  exports: [UseCaseCatalogue, UseCaseConfiguration, TurnPlanner, TurnEngine, SummaryWriter, TitleWriter],
})
export class UseCasesModule {}
