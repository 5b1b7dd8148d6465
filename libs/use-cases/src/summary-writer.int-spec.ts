import { FakeModel } from '../../../test/support/fake-model/index.js';
import { ACTOR, type OpenUseCases, onFake, openUseCases } from './use-cases.factory.js';

describe('summaries', () => {
  let fake: FakeModel;
  let open: OpenUseCases;
  beforeAll(async () => {
    fake = await FakeModel.start();
    open = await openUseCases({ models: onFake(fake) });
  });
  beforeEach(() => fake.reset());
  afterAll(async () => {
    await open.close();
    await fake.stop();
  });

  const { signal } = new AbortController();
  const said = [
    { role: 'user', content: 'My ship is the Ada.' },
    { role: 'assistant', content: 'A fine name.' },
  ];
  const write = (previous: string | null = null, messages = said) =>
    open.summaries.write(ACTOR, { previous, messages, signal });

  it('are asked of the small model by the call session_summary, and booked under summary', async () => {
    fake.always({ json: { summary: ' The ship is called Ada. ' } });
    const { summary, call } = await write('They spoke of the sea.');
    expect(summary).toBe('The ship is called Ada.');
    const request = fake.request({ schema: 'session_summary', model: 'small' });
    expect(request.user).toBe(
      'Summary so far: They spoke of the sea.\n\nUser: My ship is the Ada.\n\nAssistant: A fine name.',
    );
    expect(request.body).toMatchObject({ temperature: 0 });
    const { input, output } = fake.usageOf();
    expect(call).toMatchObject({ purpose: 'summary', model: 'small', inputTokens: input, outputTokens: output });
  });

  it('have at most 1500 characters, whatever the model sends', async () => {
    fake.always({ json: { summary: '😀'.repeat(1501) } });
    expect((await write()).summary).toBe('😀'.repeat(1500));
  });

  it('read less of each message the more there are', async () => {
    fake.always({ json: { summary: 'Much.' } });
    await write(
      null,
      Array.from({ length: 60 }, () => ({ role: 'user', content: 'x'.repeat(32_000) })),
    );
    expect(fake.request().user.length).toBeLessThan(42_000);
  });

  it('that do not come in the asked shape are asked for once more, then not written', async () => {
    fake.script({ reply: { json: { title: 'wrong' } }, times: 1 });
    fake.script({ reply: { json: { summary: 'Right.' } }, times: 1 });
    fake.always({ json: { summary: 7 } });
    expect((await write()).summary).toBe('Right.');
    expect(fake.requests()).toHaveLength(2);
    expect(JSON.stringify(fake.request({}, 2).body)).toContain('summary');
    await expect(write()).rejects.toMatchObject({ code: 'MODEL_OUTPUT_INVALID', report: { attempts: 2 } });
    expect(fake.requests()).toHaveLength(4);
  });
});
