export { AppendRepository } from './log/append.repository.js';
export { LogRepository } from './log/log.repository.js';
export { LogService } from './log/log.service.js';
export {
  type Delta,
  isRunEnd,
  LOG_EVENT_TYPES,
  type LogEvent,
  type LogEventType,
  type NewEvent,
  parseSeq,
  type Snapshot,
  type StatusNotice,
} from './log/log-events.js';
export { announceEvents, announceSignal, announceWake } from './log/session-channel.js';
export { FeedbackRepository } from './messages/feedback.repository.js';
export { MessageDto } from './messages/messages.dto.js';
export { MessagesRepository } from './messages/messages.repository.js';
export { MessagesService } from './messages/messages.service.js';
export { LiveTexts } from './readers/live-texts.js';
export type { ReaderEnd, ReaderSink } from './readers/reader.types.js';
export { type OpenReader, Readers } from './readers/readers.service.js';
export { ReadingQueue } from './readers/reading-queue.js';
export { type MessageRow, type RunRow, renderMessage, renderRun } from './rows.js';
export { type Draft, type DraftPiece, DraftsRepository } from './runs/drafts.repository.js';
export { type LapsedRun, LeasesRepository } from './runs/leases.repository.js';
export { announceRunControl, onRunControl } from './runs/run-control.js';
export { RunDto, UsageDto } from './runs/runs.dto.js';
export { type QueuedRun, RunsRepository } from './runs/runs.repository.js';
export { SessionsRepository, type TurnSession } from './sessions/sessions.repository.js';
export { SessionsService } from './sessions/sessions.service.js';
export { SummariesRepository } from './sessions/summaries.repository.js';
export { type FirstExchange, TitlesRepository } from './sessions/titles.repository.js';
export { TrialsRepository } from './sessions/trials.repository.js';
export { sessionErrors } from './sessions.errors.js';
export { SessionsModule } from './sessions.module.js';
export { AcceptRepository, type GoneOn } from './turns/accept.repository.js';
export { FinishRepository, LeaseLost } from './turns/finish.repository.js';
export { acceptedEvents, acceptedRow, endedEvents, sentRow } from './turns/fresh-events.js';
export { HistoryRepository, type HistoryRow } from './turns/history.repository.js';
export { RepetitionsRepository } from './turns/repetitions.repository.js';
export type {
  Accepted,
  Admission,
  Ended,
  Fence,
  FrozenPlan,
  IdempotentCall,
  LedgerEntry,
  NewAnswer,
  NewRegeneration,
  NewTurn,
  RunEnd,
} from './turns/turns.types.js';
