import { Injectable, Logger } from '@nestjs/common';
import { type Actor, systemActor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { newId } from '@parley/platform/ids';
import { LogService, SessionsService, sessionErrors, TrialsRepository } from '@parley/sessions';
import { Runner } from '../runs/runner.service.js';
import { TurnsService } from '../turns/turns.service.js';
import type { TrialDto, TrialResultDto, TrialStepDto } from './trials.dto.js';

const STEPS = 200;
/** A stopped run has ended by then, or the sweeper has the trial. */
const STOP_MS = 5000;

/**
 * Runs a use case for real as a throw-away principal, which reads what its caller may read, and removes
 * all that it wrote before the answer goes out.
 */
@Injectable()
export class TrialsService {
  private readonly logger = new Logger(TrialsService.name);

  constructor(
    private readonly trials: TrialsRepository,
    private readonly sessions: SessionsService,
    private readonly turns: TurnsService,
    private readonly log: LogService,
    private readonly runner: Runner,
    private readonly clock: Clock,
  ) {}

  /** @throws whatever creating a session and sending a message throws, and the error of a failed run */
  async run(caller: Actor, useCase: string, input: TrialDto): Promise<TrialResultDto> {
    const begun = performance.now();
    const actor: Actor = { ...caller, kind: 'trial', principalId: newId('trial') };
    await this.trials.begin(caller, actor.principalId, this.clock.now());
    try {
      const { session_id: sessionId } = await this.sessions.create(actor, {
        use_case: useCase,
        // With a title: nobody is to write one for what is gone in a moment.
        title: 'Trial',
        settings: input.settings ?? {},
        tags: [],
        metadata: {},
      });
      const message = {
        content: input.message,
        ...(input.attachments === undefined ? {} : { attachments: input.attachments }),
      };
      const answer = await this.turns.send(actor, sessionId, message, { respondAsync: false, waitSeconds: 300 });
      if ('accepted' in answer) throw sessionErrors.RUN_TIMEOUT();
      const trace = await this.trace(actor, sessionId);
      const milliseconds = Math.round(performance.now() - begun);
      return {
        use_case: useCase,
        message: input.message,
        result: answer.turn,
        trace,
        processing_time_ms: milliseconds,
      };
    } finally {
      await this.purge(actor);
    }
  }

  private async trace(actor: Actor, sessionId: string): Promise<TrialStepDto[]> {
    const { items } = await this.log.page(actor, sessionId, { after: 0, limit: STEPS, order: 'asc' });
    return items
      .filter(({ type }) => !type.startsWith('message.'))
      .map(({ seq, type, at, data }) => ({ seq, type, at, data: { ...data } }));
  }

  /** What cannot be removed now is found by the rounds an hour later. */
  private async purge(actor: Actor): Promise<void> {
    const program = systemActor(actor.orgId, []);
    const until = performance.now() + STOP_MS;
    while (!(await this.trials.purge(program, actor.principalId))) {
      this.runner.stopAllOf(actor.principalId, sessionErrors.RUN_CANCELLED());
      if (performance.now() > until) {
        this.logger.warn('a trial could not be removed yet: its run goes on');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
