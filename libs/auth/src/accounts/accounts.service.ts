import { performance } from 'node:perf_hooks';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { CONFIG, type Config } from '@parley/platform/config';
import { violatedConstraint } from '@parley/platform/database';
import { platformErrors } from '@parley/platform/errors';
import type { ExpectedVersions } from '@parley/platform/http';
import { newId } from '@parley/platform/ids';
import { DEFAULT_ORG_ID } from '@parley/schema';
import { type Actor, INSTALLATION } from '../access/actor.js';
import type { RoleName } from '../access/roles.js';
import { authErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordRules } from '../passwords/password-rules.js';
import { untilNextStep } from '../sign-in/padding.js';
import { type AccountRow, AccountsRepository, type ProfileChanges } from './accounts.repository.js';
import { isEmailName, isUsername, toName } from './names.js';

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly username?: string | null | undefined;
  readonly displayName?: string | null | undefined;
}

/** Accounts: how they come to be, and what people see and change of their own. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly repository: AccountsRepository,
    private readonly rules: PasswordRules,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * An account with the role `user`, for whoever asks. Answered at the next multiple of 250 ms.
   * @throws REGISTRATION_CLOSED, WEAK_PASSWORD, EMAIL_TAKEN, USERNAME_TAKEN, OVERLOADED
   */
  async register(registration: Registration): Promise<AccountRow> {
    if (this.config.auth.registration === 'closed') throw authErrors.REGISTRATION_CLOSED();
    const begun = performance.now();
    try {
      return await this.create(INSTALLATION, registration, 'user');
    } finally {
      await untilNextStep(begun);
    }
  }

  /**
   * An account with the role `admin`, whatever `auth.registration` says.
   * @param actor the program itself: for the command line and the first start
   * @throws VALIDATION_FAILED, WEAK_PASSWORD, EMAIL_TAKEN, USERNAME_TAKEN
   */
  createAdmin(actor: Actor, registration: Registration): Promise<AccountRow> {
    return this.create(actor, registration, 'admin');
  }

  /** Whether the default organisation has an administrator who can sign in. */
  hasAdmin(actor: Actor): Promise<boolean> {
    return this.repository.hasAdmin(actor, DEFAULT_ORG_ID, this.clock.now());
  }

  /** @throws NOT_FOUND for a principal that is no person */
  async profile(actor: Actor): Promise<AccountRow> {
    const account = await this.repository.find(actor, actor.principalId, this.clock.now());
    if (account === undefined) throw platformErrors.NOT_FOUND();
    return account;
  }

  /** @throws PRECONDITION_FAILED when the profile stands in none of the expected versions */
  async updateProfile(
    actor: Actor,
    changes: ProfileChanges,
    expected: ExpectedVersions | undefined,
  ): Promise<AccountRow> {
    const versions = expected === 'any' ? undefined : expected;
    const account = await this.repository.update(actor, changes, versions, this.clock.now());
    if (account === undefined) throw platformErrors.PRECONDITION_FAILED();
    return account;
  }

  private async create(actor: Actor, registration: Registration, role: RoleName): Promise<AccountRow> {
    refuseMalformedNames(registration);
    const email = toName(registration.email);
    const username = typeof registration.username === 'string' ? toName(registration.username) : null;
    const displayName = registration.displayName ?? null;
    await this.rules.accept(registration.password, { email: email.shown, username: username?.shown, displayName });
    const passwordHash = await this.hasher.hash(registration.password);
    const principalId = newId('user');
    const at = this.clock.now();
    const account = { principalId, orgId: DEFAULT_ORG_ID, email, username, displayName, passwordHash, role, at };
    await this.repository.create(actor, account).catch((error: unknown) => {
      throw taken(error);
    });
    return {
      principalId,
      email: email.shown,
      username: username?.shown ?? null,
      displayName,
      preferences: {},
      metadata: {},
      version: 1,
      createdAt: at,
      updatedAt: at,
      lastLoginAt: null,
      roles: [role],
    };
  }
}

/** Routes have judged them before; the command line and the configuration have not. */
function refuseMalformedNames({ email, username }: Registration): void {
  const wrong = !isEmailName(email)
    ? 'email'
    : typeof username === 'string' && !isUsername(username)
      ? 'username'
      : null;
  if (wrong === null) return;
  const finding = { pointer: `/${wrong}`, code: 'INVALID_FORMAT', detail: `This is no ${wrong} that may be used.` };
  throw platformErrors.VALIDATION_FAILED({ errors: [finding] });
}

function taken(error: unknown): unknown {
  const constraint = violatedConstraint(error);
  if (constraint === 'users_email_key_key') return authErrors.EMAIL_TAKEN({ cause: error });
  if (constraint === 'users_username_key_key') return authErrors.USERNAME_TAKEN({ cause: error });
  return error;
}
