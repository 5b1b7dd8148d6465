import { Module, type Type } from '@nestjs/common';
import { UseCasesModule } from '@parley/use-cases';
import { AppendRepository } from './log/append.repository.js';
import { LogMetrics } from './log/log.metrics.js';
import { LogRepository } from './log/log.repository.js';
import { LogService } from './log/log.service.js';
import { FeedbackRepository } from './messages/feedback.repository.js';
import { MessagesController } from './messages/messages.controller.js';
import { MessagesRepository } from './messages/messages.repository.js';
import { MessagesService } from './messages/messages.service.js';
import { LiveTexts } from './readers/live-texts.js';
import { Readers } from './readers/readers.service.js';
import { DraftsRepository } from './runs/drafts.repository.js';
import { LeasesRepository } from './runs/leases.repository.js';
import { RunsRepository } from './runs/runs.repository.js';
import { CloneRepository } from './sessions/clone.repository.js';
import { CloneService } from './sessions/clone.service.js';
import { ExportService } from './sessions/export.service.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { SessionsService } from './sessions/sessions.service.js';
import { SummariesRepository } from './sessions/summaries.repository.js';
import { TitlesRepository } from './sessions/titles.repository.js';
import { TrialsRepository } from './sessions/trials.repository.js';
import { AcceptRepository } from './turns/accept.repository.js';
import { FinishRepository } from './turns/finish.repository.js';
import { HistoryRepository } from './turns/history.repository.js';
import { RepetitionsRepository } from './turns/repetitions.repository.js';

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
