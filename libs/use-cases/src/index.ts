export { type OverrideOf, UseCaseConfiguration } from './overrides/configure.service.js';
export { type BuiltInPersona, builtInPersona } from './personas/built-in.js';
export { SESSION_TITLE_CALL } from './session-title.js';
export type { SettingAdjustment } from './settings/effective-settings.js';
export type { FrozenSettings } from './settings/frozen.js';
export { SummaryWriter } from './summary-writer.service.js';
export { type TitleInput, TitleWriter, type WrittenTitle } from './title-writer.service.js';
export { TurnEngine } from './turn/onion.service.js';
export {
  type AgentAuthor,
  type AnswerMessage,
  type ComponentResult,
  type HistoryMessage,
  type ModelCallRecord,
  TurnFailure,
  type TurnInput,
  type TurnOutcome,
  type TurnPlan,
  type TurnSink,
  type TurnUsage,
  type TurnWrite,
} from './turn/turn.types.js';
export { type PlanInput, TurnPlanner } from './turn/turn-planner.service.js';
export { UseCaseCatalogue } from './use-case-catalogue.service.js';
export { useCaseErrors } from './use-cases.errors.js';
export { UseCasesModule } from './use-cases.module.js';
