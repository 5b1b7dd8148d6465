export { type OverrideOf, UseCaseConfiguration } from './overrides/use-case-configuration.service.js';
export { SummaryWriter } from './summary-writer.service.js';
export { TitleWriter } from './title-writer.service.js';
export {
  type ComponentResult,
  type HistoryMessage,
  TurnFailure,
  type TurnOutcome,
  type TurnPlan,
  type TurnSink,
} from './turn/turn.types.js';
export { TurnEngine } from './turn/turn-engine.service.js';
export { type PlanInput, TurnPlanner } from './turn/turn-planner.service.js';
export { UseCaseCatalogue } from './use-case-catalogue.service.js';
export { useCaseErrors } from './use-cases.errors.js';
export { UseCasesModule } from './use-cases.module.js';
