import type { ProviderGate } from '../calls/provider-gate.js';
import type { ChatModel } from '../providers/chat-model.js';
import type { Embedder } from '../providers/embedder.js';

/** A model that may be asked next, behind the door of its provider. */
export interface Candidate {
  /** `provider:model`, or `offline`. */
  readonly name: string;
  readonly gate: ProviderGate;
}

export interface ChatCandidate extends Candidate {
  readonly chat: ChatModel;
}

export interface EmbeddingCandidate extends Candidate {
  readonly embedder: Embedder;
}
