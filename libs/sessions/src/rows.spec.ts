import { type MessageRow, type RunRow, renderEvent, renderMessage, renderRun } from './rows.js';

const AT = new Date('2026-11-21T12:00:00.000Z');
const MESSAGE: MessageRow = {
  id: 'msg_1',
  session_id: 'ses_1',
  run_id: 'run_1',
  parent_id: null,
  seq: 4,
  role: 'user',
  author_type: 'user',
  author_id: 'usr_1',
  author_name: 'Ada',
  content: 'the secret words',
  parts: null,
  attachments: [{ type: 'media', media_id: 'med_1' }],
  status: 'complete',
  superseded: false,
  hidden: false,
  finish_reason: null,
  metadata: { note: 'the secret note' },
  created_at: AT,
};
const RUN: RunRow = {
  id: 'run_1',
  session_id: 'ses_1',
  message_id: 'msg_1',
  status: 'completed',
  attempt: 1,
  started_at: AT,
  finished_at: AT,
  error: null,
  usage: { input_tokens: 3, output_tokens: 2, cost_usd: null, models: ['fake-1'] },
  component_results: { text_chat: { success: true } },
  last_seq: 9,
};

describe('a message as it is shown', () => {
  it('has its text as one part where it was sent as text', () => {
    expect(renderMessage(MESSAGE)).toMatchObject({
      message_id: 'msg_1',
      content: 'the secret words',
      parts: [{ type: 'text', text: 'the secret words' }],
      attachments: [{ type: 'media', media_id: 'med_1' }],
      author: { type: 'user', id: 'usr_1', name: 'Ada' },
      created_at: '2026-11-21T12:00:00.000Z',
    });
  });

  it('has the parts that it was sent with', () => {
    const parts = [
      { type: 'text', text: 'see' },
      { type: 'media', media_id: 'med_1' },
    ];
    expect(renderMessage({ ...MESSAGE, parts }).parts).toEqual(parts);
  });

  it('shows of an erased one only that it was there', () => {
    const erased = renderMessage({ ...MESSAGE, status: 'deleted' });
    expect(erased).toMatchObject({ content: '', parts: [], attachments: [], status: 'deleted', seq: 4 });
  });

  it('shows of a hidden one nothing but that it is hidden, whatever its row still holds', () => {
    const hidden = renderMessage({ ...MESSAGE, hidden: true, parts: [{ type: 'text', text: 'the secret words' }] });
    expect(hidden).toMatchObject({ content: '', parts: [], attachments: [], metadata: { hidden: true } });
    expect(JSON.stringify(hidden)).not.toContain('secret');
  });

  it('is refused where the row holds something that is no part', () => {
    expect(() => renderMessage({ ...MESSAGE, parts: [{ type: 'script' }] })).toThrow();
  });
});

describe('an event as it is read', () => {
  const row = { seq: 7, session_id: 'ses_1', run_id: 'run_1', at: AT, data: null };
  const facts = { status: 'running', attempt: 1, started_at: '2026-11-21T12:00:00.000Z', settings_adjusted: [] };

  it.each(['message.created', 'message.updated'])('%s shows the message as it is now', (type) => {
    const message = renderMessage({ ...MESSAGE, status: 'deleted' });
    expect(renderEvent({ ...row, type }, message, null).data).toBe(message);
  });

  it.each(['run.completed', 'run.failed', 'run.cancelled'])('%s shows the run with its results', (type) => {
    const run = renderRun(RUN);
    expect(renderEvent({ ...row, type }, null, run).data).toBe(run);
  });

  it('shows an earlier event of a run as it was then, not how the run ended', () => {
    const { data } = renderEvent({ ...row, type: 'run.started', data: facts }, null, renderRun(RUN));
    expect(data).toEqual({
      run_id: 'run_1',
      session_id: 'ses_1',
      message_id: 'msg_1',
      finished_at: null,
      error: null,
      usage: null,
      component_results: null,
      last_seq: 7,
      ...facts,
    });
  });

  it('shows facts of components as they are stored', () => {
    const data = { component: 'text_chat', success: true };
    expect(renderEvent({ ...row, type: 'component.completed', data }, null, null)).toEqual({
      seq: 7,
      type: 'component.completed',
      session_id: 'ses_1',
      run_id: 'run_1',
      at: '2026-11-21T12:00:00.000Z',
      data,
    });
  });

  it('passes on a type that a later version has stored, and refuses what is no type', () => {
    expect(renderEvent({ ...row, type: 'memory.stored' }, null, null).type).toBe('memory.stored');
    expect(() => renderEvent({ ...row, type: 'x; drop' }, null, null)).toThrow('unknown shape');
  });
});
