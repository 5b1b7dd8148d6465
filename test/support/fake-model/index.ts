export { FakeModel } from './fake-model.js';
export type { FakeRequest } from './record.js';
export { wordBag } from './tokens.js';
