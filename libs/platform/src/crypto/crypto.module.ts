import { Global, Module } from '@nestjs/common';
import { DataKeysRepository } from './data-keys.repository.js';
import { KeyRing } from './key-ring.js';
import { SealedFields } from './sealed-fields.js';

@Global()
@Module({ providers: [DataKeysRepository, KeyRing, SealedFields], exports: [KeyRing, SealedFields] })
export class CryptoModule {}
