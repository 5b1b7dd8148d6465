import type { Books } from './books.js';
import { answerTo } from './script.js';
import { orderBreaches } from './verdict.js';
import type { Message, Receipt, Run } from './wire.js';

/** A run that was asked for, by a message or a regeneration. */
export interface AskedRun {
  readonly runId: string;
  cancelAsked: boolean;
  /** The service itself said that it has ended so. */
  saidCancelled: boolean;
}

export interface Turn {
  readonly content: string;
  readonly receipt: Receipt;
  /** The message's own run first, then the regenerations, in the order in which they were taken in. */
  readonly runs: AskedRun[];
}

/** What the contract lets follow from what was asked: small, and without time. */
export class Contract {
  readonly turns: Turn[] = [];
  /** All runs, in the order in which they were taken in. */
  private readonly asked: string[] = [];
  /** Messages whose erasure was granted. */
  readonly erased = new Set<string>();

  sent(content: string, receipt: Receipt): void {
    this.turns.push({ content, receipt, runs: [newRun(receipt.run_id)] });
    this.asked.push(receipt.run_id);
  }

  regenerated(turn: Turn, runId: string): void {
    turn.runs.push(newRun(runId));
    this.asked.push(runId);
  }

  /** Every difference between what may be and what is. */
  audit(books: Books): string[] {
    const users = books.messages.filter(({ role }) => role === 'user').map(({ message_id: id }) => id);
    const sent = this.turns.map(({ receipt }) => receipt.message_id);
    const breaches = users.join() === sent.join() ? [] : [`sent ${sent.join(' ')}, stored ${users.join(' ')}`];
    const known = this.turns.reduce((sum, { runs }) => sum + runs.length, 0);
    if (books.runs.size !== known) breaches.push(`${known} runs were asked for, there are ${books.runs.size}`);
    for (const turn of this.turns) {
      breaches.push(...this.auditQuestion(turn, books), ...this.auditRuns(turn, books));
      breaches.push(...this.auditAnswers(turn, books));
    }
    return [...breaches, ...orderBreaches(this.asked, books.events), ...this.auditErased(books)];
  }

  private auditQuestion({ receipt, content }: Turn, { messages }: Books): string[] {
    const stored = messages.find(({ message_id: id }) => id === receipt.message_id);
    const erased = this.erased.has(receipt.message_id);
    const right = erased ? isErased(stored) : stored?.content === content && stored.seq === receipt.seq;
    return right ? [] : [`sent ${content}${erased ? ', erased' : ''}: ${JSON.stringify(stored)}`];
  }

  /** What nobody stopped is completed; what was stopped has ended so, or was faster. */
  private auditRuns({ receipt, runs }: Turn, books: Books): string[] {
    return runs.flatMap(({ runId, cancelAsked, saidCancelled }) => {
      const status = books.runs.get(runId)?.status;
      const mayBeCancelled = cancelAsked || this.erased.has(receipt.message_id);
      const right = saidCancelled
        ? status === 'cancelled'
        : status === 'completed' || (mayBeCancelled && status === 'cancelled');
      return right ? [] : [`${runId} is ${status}, cancelled: asked ${cancelAsked}, granted ${saidCancelled}`];
    });
  }

  /** Each completed run has one whole answer, the last of them is the one that counts. */
  private auditAnswers(turn: Turn, books: Books): string[] {
    const breaches: string[] = [];
    const answers = books.messages.filter(
      ({ parent_id, role }) => role === 'assistant' && parent_id === turn.receipt.message_id,
    );
    for (const { runId } of turn.runs) {
      const own = answers.filter(({ run_id: id }) => id === runId);
      const completed = books.runs.get(runId)?.status === 'completed';
      if (own.length > 1 || (completed && own.length === 0)) breaches.push(`${runId} has ${own.length} answers`);
      for (const answer of own)
        if (!this.fits(answer, turn, completed)) breaches.push(`answer to ${turn.content}: ${JSON.stringify(answer)}`);
    }
    const counting = answers.filter(({ superseded }) => !superseded).map(({ run_id: id }) => id);
    const expected = countingRun(turn, books.runs, answers);
    if (counting.join() !== expected.join()) breaches.push(`${counting.join()} counts instead of ${expected.join()}`);
    return breaches;
  }

  private fits(answer: Message, { content }: Turn, completed: boolean): boolean {
    if (this.erased.has(answer.message_id)) return isErased(answer);
    const whole = answerTo(content);
    if (completed) return answer.status === 'complete' && answer.content === whole;
    return answer.status === 'partial' && answer.content !== '' && whole.startsWith(answer.content);
  }

  /** Of what was erased nothing is left in the log, wherever it had been told. */
  private auditErased({ events }: Books): string[] {
    const breaches: string[] = [];
    for (const { seq, type, data } of events) {
      if (type.startsWith('message.') && this.erased.has(String(data['message_id'])) && data['content'] !== '')
        breaches.push(`event ${seq} still holds an erased text`);
    }
    for (const { receipt, content } of this.turns.filter((turn) => this.erased.has(turn.receipt.message_id))) {
      const title = events.find(
        ({ type, data }) => type === 'session.updated' && String(data['title']).includes(content),
      );
      if (title !== undefined)
        breaches.push(`event ${title.seq} names the session by the erased ${receipt.message_id}`);
    }
    return breaches;
  }
}

function newRun(runId: string): AskedRun {
  return { runId, cancelAsked: false, saidCancelled: false };
}

function isErased(message: Message | undefined): boolean {
  return message?.status === 'deleted' && message.content === '';
}

/** The run whose answer stands: the last completed one, else what the first one said before it was stopped. */
function countingRun({ runs }: Turn, ended: ReadonlyMap<string, Run>, answers: readonly Message[]): string[] {
  const last = runs.findLast(({ runId }) => ended.get(runId)?.status === 'completed') ?? runs[0];
  return last !== undefined && answers.some(({ run_id: id }) => id === last.runId) ? [last.runId] : [];
}
