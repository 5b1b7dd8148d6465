export { FakeModel, type FakeModelOptions } from './fake-model.js';
export type { FakeFilter, FakeRequest } from './record.js';
export type { FakeCondition, FakeReply, FakeScript, FakeUsage } from './scripts.js';
export { countTokens, wordBag } from './tokens.js';
