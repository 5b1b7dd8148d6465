import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import { isId } from '@parley/platform/ids';
import {
  announceRunControl,
  announceWake,
  type RunDto,
  RunsRepository,
  renderRun,
  sessionErrors,
} from '@parley/sessions';
import { Runner } from './runner.service.js';

@Injectable()
export class RunsService {
  constructor(
    private readonly runs: RunsRepository,
    private readonly runner: Runner,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  async get(actor: Actor, sessionId: string, runId: string): Promise<RunDto> {
    const run = await this.runs.find(actor, sessionId, runId);
    if (run === undefined) throw platformErrors.NOT_FOUND();
    return renderRun(run);
  }

  /**
   * A queued run ends at once; a running one is stopped, here or on its node, and keeps what it has
   * said. Of an ended run nothing changes.
   */
  async cancel(actor: Actor, sessionId: string, runId: string): Promise<RunDto> {
    const run = await this.get(actor, sessionId, runId);
    if (run.status === 'queued') {
      const seq = await this.runs.cancelQueued(actor, sessionId, runId, this.clock.now());
      if (seq !== undefined) announceWake(this.bus, sessionId, seq);
      else await this.stop(actor, sessionId, runId);
      return this.get(actor, sessionId, runId);
    }
    if (run.status === 'running' || run.status === 'waiting') await this.stop(actor, sessionId, runId);
    return run;
  }

  /** As `cancel`, where only the run is named. */
  async cancelById(actor: Actor, runId: string): Promise<RunDto> {
    return this.cancel(actor, await this.sessionOf(actor, runId), runId);
  }

  /** The run under way. @throws NOT_FOUND when nothing runs */
  async current(actor: Actor, sessionId: string): Promise<string> {
    const [run] = await this.runs.running(actor, sessionId);
    if (run === undefined) throw platformErrors.NOT_FOUND({ detail: 'Nothing runs in this session.' });
    return run.id;
  }

  /** No use case of this version asks a person in mid-run: there is no run that waits. @throws RUN_NOT_WAITING */
  async input(actor: Actor, sessionId: string, runId: string): Promise<never> {
    await this.get(actor, sessionId, runId);
    throw sessionErrors.RUN_NOT_WAITING();
  }

  async inputById(actor: Actor, runId: string): Promise<never> {
    return this.input(actor, await this.sessionOf(actor, runId), runId);
  }

  private async sessionOf(actor: Actor, runId: string): Promise<string> {
    const sessionId = isId('run', runId) ? await this.runs.sessionOf(actor, runId) : undefined;
    if (sessionId === undefined) throw platformErrors.NOT_FOUND();
    return sessionId;
  }

  private async stop(actor: Actor, sessionId: string, runId: string): Promise<void> {
    if (this.runner.stop(runId, sessionErrors.RUN_CANCELLED())) return;
    await this.runs.requestCancel(actor, sessionId, runId);
    announceRunControl(this.bus, { cancel: runId });
  }
}
