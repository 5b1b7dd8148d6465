export { cryptoErrors } from './crypto.errors.js';
export { CryptoModule } from './crypto.module.js';
export { KeyRing } from './key-ring.js';
export { SealedFields } from './sealed-fields.js';
