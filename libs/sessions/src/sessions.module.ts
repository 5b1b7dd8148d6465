import { Module, type Type } from '@nestjs/common';
import { UseCasesModule } from '@parley/use-cases';
import { AcceptRepository } from './accept.repository.js';
import { AppendRepository } from './append.repository.js';
import { CloneRepository } from './clone.repository.js';
import { CloneService } from './clone.service.js';
import { DraftsRepository } from './drafts.repository.js';
import { ExportService } from './export.service.js';
import { FeedbackRepository } from './feedback.repository.js';
import { FinishRepository } from './finish.repository.js';
import { HistoryRepository } from './history.repository.js';
import { LeasesRepository } from './leases.repository.js';
import { LiveTexts } from './live-texts.js';
import { LogMetrics } from './log.metrics.js';
import { LogRepository } from './log.repository.js';
import { LogService } from './log.service.js';
import { MessagesController } from './messages.controller.js';
import { MessagesRepository } from './messages.repository.js';
import { MessagesService } from './messages.service.js';
import { Readers } from './readers.service.js';
import { RepetitionsRepository } from './repetitions.repository.js';
import { RunsRepository } from './runs.repository.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { SummariesRepository } from './summaries.repository.js';
import { TitlesRepository } from './titles.repository.js';
import { TrialsRepository } from './trials.repository.js';

const turns: Type[] = [
  AcceptRepository,
  AppendRepository,
  FeedbackRepository,
  FinishRepository,
  RepetitionsRepository,
  RunsRepository,
  LeasesRepository,
  LogRepository,
  DraftsRepository,
  HistoryRepository,
  MessagesRepository,
  SessionsRepository,
  SummariesRepository,
  TitlesRepository,
  TrialsRepository,
  LiveTexts,
];

@Module({
  imports: [UseCasesModule],
  controllers: [SessionsController, MessagesController],
  providers: [
    ...turns,
    CloneRepository,
    LogMetrics,
    Readers,
    SessionsService,
    MessagesService,
    LogService,
    CloneService,
    ExportService,
  ],
  exports: [...turns, Readers, SessionsService, MessagesService, LogService],
})
export class SessionsModule {}
