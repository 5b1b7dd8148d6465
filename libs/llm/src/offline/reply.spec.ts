import type { ChatMessage, ChatRequest } from '../providers/chat-model.js';
import { OfflineModel } from './offline.model.js';

const said = (content: string): ChatMessage => ({ role: 'user', content });
const answered = (content: string): ChatMessage => ({ role: 'assistant', content });

async function ask(messages: readonly ChatMessage[], more: Partial<ChatRequest> = {}): Promise<string> {
  let text = '';
  const request = { messages, purpose: 'answer', ...more };
  for await (const part of new OfflineModel().stream(request, new AbortController().signal)) {
    if (part.type === 'text-delta') text += part.delta;
  }
  return text;
}

describe('the offline model', () => {
  it('quotes what was said about the question, word for word, with who said it', async () => {
    const reply = await ask([
      said('My cat is called Minka. My brother lives in Graz.'),
      answered('Noted.'),
      said('I drink tea.'),
      answered('Good.'),
      said('What is my cat called?'),
    ]);
    expect(reply).toContain('You: “My cat is called Minka.”');
    expect(reply).not.toContain('Graz');
    expect(reply).not.toContain('tea');
  });

  it('prefers what was said last where both bear on the question', async () => {
    const reply = await ask([said('My colour is red.'), said('My colour is blue.'), said('Which colours?')]);
    expect(reply.indexOf('blue')).toBeLessThan(reply.indexOf('red'));
  });

  it('quotes context blocks under their title', async () => {
    const block =
      'Rules.\n<<<block x7 source=passage title="Handbook">>>\nHolidays are 25 days. Lunch is at noon.\n<<<end x7>>>';
    const reply = await ask([{ role: 'system', content: block }, said('How many holidays do I get?')]);
    expect(reply).toContain('Handbook: “Holidays are 25 days.”');
    expect(reply).not.toContain('Rules');
    expect(reply).not.toContain('Lunch');
  });

  it('finds the same root in other forms, in German and in scripts without spaces', async () => {
    expect(await ask([said('She painted houses.'), said('Who was painting a house?')])).toContain(
      'She painted houses.',
    );
    expect(await ask([said('Der Zug fährt um acht.'), said('Wann fährt der Zug?')])).toContain(
      'Der Zug fährt um acht.',
    );
    expect(await ask([said('我的猫叫小花。'), said('猫叫什么？')])).toContain('我的猫叫小花');
  });

  it.each([
    'What is the capital of Peru?',
    'Write a poem about autumn',
    'Hello',
    'Thank you!',
    'Who are you?',
    'What can you do?',
    'My name is Ada.',
    'x',
    '',
    '???',
  ])('says that it is no language model when it hears %j', async (content) => {
    expect(await ask([said(content)])).toContain('not a language model');
  });

  it('greets, accepts thanks, says goodbye, and explains itself', async () => {
    expect(await ask([said('Guten Tag!')])).toMatch(/^Hello/);
    expect(await ask([said('thanks a lot')])).toMatch(/^You are welcome/);
    expect(await ask([said('bye')])).toMatch(/^Goodbye/);
    expect(await ask([said('are you a robot?')])).toContain('OPENAI_API_KEY');
    expect(await ask([said('hello, which of the seven proposals did the board accept?')])).not.toMatch(/^Hello/);
  });

  it('says that it found nothing instead of inventing something', async () => {
    const reply = await ask([said('I like pears.'), said('Where is the Eiffel Tower?')]);
    expect(reply).toContain('Nothing in this conversation bears on “Where is the Eiffel Tower?”');
    expect(reply).not.toContain('Paris');
    expect(await ask([said('The meeting is on Monday.')])).toContain('I have read “The meeting is on Monday.”');
  });

  it('never quotes its own notices', async () => {
    const first = await ask([said('Who are you?')]);
    const reply = await ask([said('Who are you?'), answered(first), said('Is a language model configured here?')]);
    expect(reply).not.toContain('Assistant:');
  });

  it('summarises by quotation', async () => {
    const reply = await ask([
      said('The budget is 5000 euros. We talked about the budget and the hall. The hall costs 900 euros.'),
      said('Please summarize our conversation'),
    ]);
    expect(reply).toContain('The budget is 5000 euros.');
    expect(reply).toContain('The hall costs 900 euros.');
  });

  it('writes titles and summaries for jobs without the notice', async () => {
    const exchange = [said('User: The garden needs water in July.\n\nAssistant: Indeed.')];
    expect(await ask(exchange, { purpose: 'title' })).toBe('The garden needs water in July');
    for (const greeting of ['Hello', 'Hi!', 'Guten Tag']) {
      const answer = await ask([said(greeting)]);
      const title = await ask([said(`User: ${greeting}\n\nAssistant: ${answer}`)], { purpose: 'title' });
      expect(title).toBe(greeting.replace('!', ''));
    }
    const subject = [said('User: Hello! How do roses grow?\n\nAssistant: Slowly. They like the sun.')];
    expect(await ask(subject, { purpose: 'title' })).toBe('How do roses grow');
    expect(await ask([said('One. Two roses. Three roses.')], { purpose: 'summary' })).not.toContain('offline');
  });

  it('is deterministic', async () => {
    const messages = [said('A b c. D e f.'), said('What about e and b?')];
    expect(await ask(messages)).toBe(await ask(messages));
  });

  it('stays quick on a long conversation', async () => {
    const long = Array.from({ length: 2000 }, (_, index) =>
      said(`Note ${index} about subject ${index % 50} and colours.`),
    );
    const startedAt = performance.now();
    expect(await ask([...long, said('What about subject 17?')])).toContain('subject 17');
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});
