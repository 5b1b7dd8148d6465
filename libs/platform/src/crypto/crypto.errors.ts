import { defineErrors, StartRefusal } from '../errors/index.js';

export const cryptoErrors = defineErrors({
  DECRYPT_FAILED: {
    status: 500,
    title: 'A stored value could not be decrypted.',
    remedy: 'Report the correlation id to the operator: a key is missing, or the row was changed outside the program.',
  },
});

/**
 * The key ring cannot be used: start-up ends here. The message is for the operator and names ids of keys, never keys.
 */
export class KeyRingError extends StartRefusal {
  override readonly name = 'KeyRingError';
}
