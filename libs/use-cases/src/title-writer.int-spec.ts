import { FakeModel } from '../../../test/support/fake-model/index.js';
import { ACTOR, type OpenUseCases, onFake, openUseCases } from './use-cases.factory.js';

describe('titles', () => {
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
  const write = (question = 'What is 15 + 27?', answer = 'It is 42.') =>
    open.titles.write(ACTOR, { question, answer, signal });

  it('are asked of the small model by the call session_title, and booked under title', async () => {
    fake.always({ json: { title: 'Adding 15 and 27' } });
    const { title, call } = await write();
    expect(title).toBe('Adding 15 and 27');
    expect(fake.requests()).toHaveLength(1);
    const request = fake.request({ schema: 'session_title', model: 'small' });
    expect(request.user).toContain('What is 15 + 27?');
    expect(request.user).toContain('It is 42.');
    expect(request.body).toMatchObject({ temperature: 0 });
    const { input, output } = fake.usageOf();
    expect(call).toEqual({
      purpose: 'title',
      provider: 'openai',
      model: 'small',
      inputTokens: input,
      outputTokens: output,
      costUsd: null,
      estimated: false,
    });
  });

  it.each([
    ['  "The  sky\nis blue"  ', 'The sky is blue'],
    ['„Der Himmel“', 'Der Himmel'],
    ['It’s 5 o’clock', 'It’s 5 o’clock'],
    ['""', '""'],
    ['😀'.repeat(100), '😀'.repeat(80)],
  ])('are one tidy line: %j', async (given, title) => {
    fake.always({ json: { title: given } });
    expect((await write()).title).toBe(title);
  });

  it('read no more of an exchange than shows its subject', async () => {
    fake.always({ json: { title: 'Long' } });
    await write('q'.repeat(32_000), '😀'.repeat(32_000));
    expect([...fake.request().user].length).toBeLessThan(4100);
    expect(fake.request().user).toContain('😀');
  });

  it('that do not come in the asked shape are asked for once more, then not written', async () => {
    fake.always({ json: { name: 'wrong' } });
    await expect(write()).rejects.toMatchObject({ code: 'MODEL_OUTPUT_INVALID', report: { attempts: 2 } });
    expect(fake.requests()).toHaveLength(2);
  });
});
