import { nearestName } from './nearest-name.js';

const known = ['max_documents', 'max_context_messages', 'model'];

describe('the nearest known name', () => {
  it.each([
    ['max_documnets', 'max_documents'],
    ['modell', 'model'],
    ['MODEL', 'model'],
    ['max_context_message', 'max_context_messages'],
  ])('of %s is %s', (name, near) => {
    expect(nearestName(name, known)).toBe(near);
  });

  it('is not looked for where the name is a hostile one, or nothing is known', () => {
    expect(nearestName('m'.repeat(65), known)).toBeNull();
    expect(nearestName('model', [])).toBeNull();
  });
});
