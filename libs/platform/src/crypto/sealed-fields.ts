import { Injectable, Logger } from '@nestjs/common';
import type { Acting } from '../database/index.js';
import { AppError } from '../errors/index.js';
import { cryptoErrors } from './crypto.errors.js';
import { envelopeKeyId, type FieldPlace, openEnvelope, sealEnvelope } from './envelope.js';
import { KeyRing } from './key-ring.js';

/** A field that is kept encrypted: where it stands, and which leaf key seals it. */
export interface SealedField extends FieldPlace {
  /** What the value is for, e.g. `signing_key`: fields of one purpose and subject share a leaf. */
  readonly purpose: string;
  /** Whose data it is, where destroying the leaf must shred just that: a session and author, an owner. */
  readonly subject?: string;
}

/** Encrypts single column values. Both calls may use the database: make them outside transactions. */
@Injectable()
export class SealedFields {
  private readonly logger = new Logger(SealedFields.name);

  constructor(private readonly keys: KeyRing) {}

  /** @returns text for the column: `pe1.…`, some 75 characters and four thirds of the plaintext's UTF-8 bytes. */
  async seal(actor: Acting, field: SealedField, plaintext: string): Promise<string> {
    refuseStranger(actor, field);
    const leaf = await this.keys.take({
      level: 'leaf',
      purpose: field.purpose,
      orgId: field.orgId,
      subject: field.subject ?? null,
    });
    return sealEnvelope(leaf.id, leaf.key, field, Buffer.from(plaintext, 'utf8'));
  }

  /** @throws DECRYPT_FAILED when the value was changed or moved, or its key is gone. */
  async open(actor: Acting, place: FieldPlace, sealed: string): Promise<string> {
    refuseStranger(actor, place);
    try {
      const key = await this.keys.key(envelopeKeyId(sealed));
      return openEnvelope(key, place, sealed).toString('utf8');
    } catch (error) {
      // The database being away says nothing about the value.
      if (error instanceof AppError) throw error;
      this.logger.error(`${place.table}.${place.column} of ${place.rowId} does not decrypt: ${causeOf(error)}`);
      throw cryptoErrors.DECRYPT_FAILED({ cause: error });
    }
  }
}

/** The program itself acts without an organisation; everybody else only on the rows of their own or on global ones. */
function refuseStranger(actor: Acting, { table, orgId }: FieldPlace): void {
  if (orgId === null || actor.orgId === '' || actor.orgId === orgId) return;
  throw new Error(`an actor of one organisation asked for a field of ${table} of another`);
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown cause';
}
