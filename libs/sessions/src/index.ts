export { AcceptRepository, type GoneOn } from './accept.repository.js';
export { AppendRepository } from './append.repository.js';
export { type Draft, type DraftPiece, DraftsRepository } from './drafts.repository.js';
export { FeedbackRepository } from './feedback.repository.js';
export { FinishRepository, LeaseLost } from './finish.repository.js';
export { acceptedEvents, acceptedRow, endedEvents, sentRow } from './fresh-events.js';
export { HistoryRepository, type HistoryRow } from './history.repository.js';
export { type LapsedRun, LeasesRepository } from './leases.repository.js';
export { LiveTexts } from './live-texts.js';
export { LogRepository } from './log.repository.js';
export { LogService } from './log.service.js';
export {
  type Delta,
  LOG_EVENT_TYPES,
  type LogEvent,
  type LogEventType,
  type NewEvent,
  type Snapshot,
  type StatusNotice,
} from './log-events.js';
export { MessageDto } from './messages.dto.js';
export { MessagesRepository } from './messages.repository.js';
export { MessagesService } from './messages.service.js';
export type { ReaderEnd, ReaderSink } from './reader.types.js';
export { type OpenReader, Readers } from './readers.service.js';
export { ReadingQueue } from './reading-queue.js';
export { RepetitionsRepository } from './repetitions.repository.js';
export { type MessageRow, type RunRow, renderMessage, renderRun } from './rows.js';
export { announceRunControl, onRunControl } from './run-control.js';
export { RunDto, UsageDto } from './runs.dto.js';
export { type QueuedRun, RunsRepository } from './runs.repository.js';
export { announceEvents, announceSignal, announceWake } from './session-channel.js';
export { sessionErrors } from './sessions.errors.js';
export { SessionsModule } from './sessions.module.js';
export { SessionsRepository, type TurnSession } from './sessions.repository.js';
export { SessionsService } from './sessions.service.js';
export { SummariesRepository } from './summaries.repository.js';
export { type FirstExchange, TitlesRepository } from './titles.repository.js';
export { TrialsRepository } from './trials.repository.js';
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
} from './turns.types.js';
