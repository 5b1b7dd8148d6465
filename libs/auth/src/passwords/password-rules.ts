import { Injectable } from '@nestjs/common';
import { authErrors } from '../auth.errors.js';
import { KnownPasswords } from './known-passwords.js';
import { describeWeaknesses, type PasswordOwner, weaknessesOf } from './password-policy.js';

/** Says whether a password may be chosen. */
@Injectable()
export class PasswordRules {
  constructor(private readonly known: KnownPasswords) {}

  /** @throws WEAK_PASSWORD with every reason in `errors[]` */
  async accept(password: string, owner: PasswordOwner): Promise<void> {
    const weaknesses = [...weaknessesOf(password, owner), ...(await this.known.weaknessesOf(password))];
    if (weaknesses.length > 0) throw authErrors.WEAK_PASSWORD({ errors: describeWeaknesses(weaknesses) });
  }
}
