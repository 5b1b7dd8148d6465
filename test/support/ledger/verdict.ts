import type { Books } from './books.js';
import { agree, type Reading } from './reading.js';
import { answerTo } from './script.js';
import type { Acknowledged } from './sender.js';
import type { Message } from './wire.js';

/** One session as its clients remember it. */
export interface Case {
  readonly sessionId: string;
  /** In the order in which one client got its acknowledgements, sending one message after the other. */
  readonly acknowledged: readonly Acknowledged[];
  readonly readings: readonly Reading[];
}

const TERMINAL = new Set(['run.completed', 'run.failed', 'run.cancelled']);

/** Compares what clients were told with what the service says now. Returns every breach; none is the promise kept. */
export function audit(matter: Case, books: Books): string[] {
  return [...auditMessages(matter, books), ...auditAnswers(matter, books), ...auditViews(matter.readings, books)].map(
    (breach) => `${matter.sessionId}: ${breach}`,
  );
}

/** The log alone, and every reader's view of it. */
export function auditViews(readings: readonly Reading[], books: Books): string[] {
  return [
    ...auditLog(books),
    ...auditRuns(books),
    ...auditComponents(books),
    ...readings.flatMap((reading) => auditReading(reading, books)),
  ];
}

/** Nothing acknowledged is lost, nothing is there twice, and the order is that of the acknowledgements. */
function auditMessages({ acknowledged }: Case, { messages, events }: Books): string[] {
  const asked = acknowledged.map(({ receipt }) => receipt.run_id);
  const breaches: string[] = orderBreaches(asked, events);
  const stored = messages.filter((message) => message.role === 'user');
  for (const { client_message_id: id, content, receipt } of acknowledged) {
    const named = stored.filter((message) => message.content === content);
    if (named.length !== 1) breaches.push(`${id} was acknowledged and is stored ${named.length} times`);
    const [message] = named;
    if (message === undefined) continue;
    if (message.message_id !== receipt.message_id || message.seq !== receipt.seq || message.run_id !== receipt.run_id)
      breaches.push(`${id} was acknowledged as ${JSON.stringify(receipt)} and is ${JSON.stringify(message)}`);
  }
  const order = stored.map((message) => message.message_id);
  const told = acknowledged.map(({ receipt }) => receipt.message_id);
  if (JSON.stringify(order) !== JSON.stringify(told))
    breaches.push(`stored in the order ${order.join(' ')}, acknowledged in the order ${told.join(' ')}`);
  return breaches;
}

/** `seq` runs from 1 without a gap, and messages stand where they say. */
function auditLog({ events, messages, lastSeq }: Books): string[] {
  const breaches: string[] = [];
  if (lastSeq !== events.length) breaches.push(`last_seq is ${lastSeq}, the log has ${events.length} events`);
  for (const [index, { seq }] of events.entries())
    if (seq !== index + 1) breaches.push(`event ${index + 1} has the seq ${seq}`);
  for (const message of messages) {
    const event = events[message.seq - 1];
    if (event?.type !== 'message.created' || event.data['message_id'] !== message.message_id)
      breaches.push(`${message.message_id} is not what event ${message.seq} tells of`);
  }
  return breaches;
}

/** Every run ends, exactly once, and the log says how. */
function auditRuns({ events, runs }: Books): string[] {
  const breaches: string[] = [];
  for (const { run_id: id, status } of runs.values()) {
    const ends = events.filter((event) => event.run_id === id && TERMINAL.has(event.type)).map((event) => event.type);
    if (ends.length !== 1 || ends[0] !== `run.${status}`)
      breaches.push(`${id} is ${status}, its log says ${ends.join(', ') || 'nothing of an end'}`);
  }
  return breaches;
}

/** A component that has begun ends with its run at the latest, and only one that has begun ends. */
function auditComponents({ events, runs }: Books): string[] {
  const breaches: string[] = [];
  const open = new Set<string>();
  for (const { seq, type, run_id: id, data } of events) {
    const name = `${id} ${String(data['component'])}`;
    if (type === 'component.started') open.add(name);
    if (type === 'component.completed' && !open.delete(name))
      breaches.push(`event ${seq} ends ${name} without a begin`);
    const left = TERMINAL.has(type) && runs.has(id ?? '') ? [...open].filter((one) => one.startsWith(`${id} `)) : [];
    breaches.push(...left.map((one) => `${one} has begun and not ended when its run has`));
  }
  return breaches;
}

/** Runs begin once, and in the order in which they were asked for; one that was stopped before has not begun. */
export function orderBreaches(asked: readonly string[], events: Books['events']): string[] {
  const begun = events.filter(({ type }) => type === 'run.started').map(({ run_id: id }) => id);
  const expected = asked.filter((runId) => begun.includes(runId));
  return begun.join() === expected.join() ? [] : [`began ${begun.join(' ')}, asked for ${expected.join(' ')}`];
}

/** Every message has its one run; what it answered is the model's text, whole or as far as it came. */
function auditAnswers({ acknowledged }: Case, { messages, runs }: Books): string[] {
  const breaches: string[] = [];
  for (const { client_message_id: id, content, receipt } of acknowledged) {
    const status = runs.get(receipt.run_id)?.status;
    const answers = messages.filter(
      (message) => message.role === 'assistant' && message.parent_id === receipt.message_id,
    );
    if (status === 'completed') {
      if (answers.length !== 1 || answers[0]?.content !== answerTo(content) || answers[0].status !== 'complete')
        breaches.push(`the run of ${id} is completed, but its answer is ${JSON.stringify(answers)}`);
    } else if (answers.length > 1 || answers.some((answer) => !isBrokenOff(answer, content))) {
      breaches.push(`the run of ${id} is ${status}, but its answer is ${JSON.stringify(answers)}`);
    }
  }
  return breaches;
}

function isBrokenOff(answer: Message, content: string): boolean {
  return answer.status === 'partial' && answer.content !== '' && answerTo(content).startsWith(answer.content);
}

/** A reader ends with the same log and the same texts as everybody. */
function auditReading(reading: Reading, { events, messages, lastSeq }: Books): string[] {
  const breaches = [...reading.breaches];
  const line = (event: { seq: number; type: string; run_id: string | null }) =>
    `${event.seq} ${event.type} ${event.run_id}`;
  const heard = reading.events.filter((event) => event.seq <= lastSeq).map(line);
  const logged = events.filter((event) => event.seq > reading.after).map(line);
  const first = logged.findIndex((entry, index) => entry !== heard[index]);
  if (first >= 0)
    breaches.push(`${reading.name} heard ${heard[first] ?? 'nothing'} where the log has ${logged[first]}`);
  for (const { message_id: id, content, seq, role } of messages) {
    const has = reading.texts.get(id);
    if (has === undefined ? seq > reading.after : has !== content)
      breaches.push(`${reading.name} shows another text of ${id} than is stored`);
    if (role === 'assistant' && !agree(content, reading.shown.get(id) ?? ''))
      breaches.push(`${reading.name} was shown another text of ${id}`);
  }
  return breaches;
}
