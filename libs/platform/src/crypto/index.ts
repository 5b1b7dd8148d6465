export { cryptoErrors, KeyRingError } from './crypto.errors.js';
export { CryptoModule } from './crypto.module.js';
export { envelopeKeyId, type FieldPlace } from './envelope.js';
export { KeyRing } from './key-ring.js';
export { type SealedField, SealedFields } from './sealed-fields.js';
