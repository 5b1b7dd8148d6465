export { FakeModel, type FakeModelOptions } from './fake-model.js';
export type { FakeFilter, FakeRequest, FakeUsage } from './record.js';
export type { FakeCondition, FakeReply, FakeScript } from './scripts.js';
export { countTokens, wordBag } from './tokens.js';
