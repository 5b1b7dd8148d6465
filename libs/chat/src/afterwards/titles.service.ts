import { Injectable } from '@nestjs/common';
import { type Actor, systemActor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { JobQueue } from '@parley/platform/jobs';
import { codePointPrefix } from '@parley/platform/text';
import { announceWake, type FirstExchange, TitlesRepository } from '@parley/sessions';
import { TitleWriter } from '@parley/use-cases';
import { titleJob } from './title.job.js';

/** Characters of the first message that stand for a title until a better one is there. */
const EXCERPT = 60;

/** A title left out is written from the first exchange, by a job that nobody waits for. */
@Injectable()
export class Titles {
  constructor(
    private readonly titles: TitlesRepository,
    private readonly writer: TitleWriter,
    private readonly jobs: JobQueue,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  /**
   * For a session without a title that has a first exchange: an excerpt at once, and a job for a better one.
   * @param byModel whether a model may be asked: not where `auto_title` is off
   */
  async begin(actor: Actor, sessionId: string, byModel: boolean): Promise<void> {
    const exchange = await this.titles.firstExchange(actor, sessionId);
    if (exchange === undefined) return;
    const title = excerptOf(exchange);
    const at = this.clock.now();
    const seq = await this.titles.set(actor, sessionId, { title, source: 'excerpt', from: exchange, call: null, at });
    if (seq === undefined) return;
    announceWake(this.bus, sessionId, seq);
    if (byModel) await this.jobs.send(titleJob, { orgId: actor.orgId, sessionId });
  }

  /** The job. The session may have been renamed, erased or deleted meanwhile: then there is nothing to do. */
  async write(orgId: string, sessionId: string, signal: AbortSignal): Promise<void> {
    const actor = systemActor(orgId, ['session:update']);
    const exchange = await this.titles.firstExchange(actor, sessionId);
    if (exchange === undefined || exchange.titleSource === 'user') return;
    const { title, call } = await this.writer.write(actor, { ...exchange, signal });
    const at = this.clock.now();
    const seq = await this.titles.set(actor, sessionId, { title, source: 'model', from: exchange, call, at });
    if (seq !== undefined) announceWake(this.bus, sessionId, seq);
  }
}

function excerptOf(exchange: FirstExchange): string {
  const text = exchange.question.replaceAll(/\s+/g, ' ').trim();
  return codePointPrefix(text, EXCERPT);
}
