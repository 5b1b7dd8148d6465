import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import { contentTag, Endpoint, IdempotencyKey } from '@parley/platform/http';
import type { Response } from 'express';
import { CurrentActor, Public, SignedIn } from '../access/access.decorators.js';
import type { Actor } from '../access/actor.js';
import { toUserDto } from '../accounts/accounts.dto.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { LogoutDto, MeDto, RefreshDto, TokenPairDto, toTokenPairDto } from './logins.dto.js';
import { LoginsService } from './logins.service.js';
import { RefreshDoor } from './refresh.guard.js';

/** What becomes of a login after sign-in. */
@Controller('auth')
export class LoginsController {
  constructor(
    private readonly logins: LoginsService,
    private readonly accounts: AccountsService,
  ) {}

  @Post('refresh')
  @Public()
  @Endpoint({
    summary: 'Get the next pair of tokens',
    description:
      'Uses the refresh token up. Shown a second time it ends its login, unless the call repeats the same ' +
      'Idempotency-Key within 60 seconds: then it gives the same pair.',
    tag: 'Accounts',
    example: { refresh_token: 'prt_Zm9yIG9uZSBjYWxsIG9ubHksIDMyIGJ5dGVzIGFsbCBp' },
  })
  @RefreshDoor()
  async refresh(
    @Body() body: RefreshDto,
    @IdempotencyKey() key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TokenPairDto> {
    const { replayed, ...pair } = await this.logins.refresh(body.refresh_token, key);
    if (replayed) response.setHeader('Idempotent-Replayed', 'true');
    return toTokenPairDto(pair);
  }

  @Post('logout')
  @SignedIn()
  @Endpoint({ summary: 'Sign out', tag: 'Accounts', status: 204, example: { everywhere: false } })
  async logout(@CurrentActor() actor: Actor, @Body() { refresh_token, everywhere }: LogoutDto): Promise<void> {
    await this.logins.signOut(actor, { refreshToken: refresh_token, everywhere });
  }

  @Get('me')
  @SignedIn()
  @Endpoint({ summary: 'Who am I, and what may I do', tag: 'Accounts', etag: contentTag })
  async me(@CurrentActor() actor: Actor): Promise<MeDto> {
    const user = toUserDto(await this.accounts.profile(actor));
    return { ...user, permissions: [...actor.permissions].sort(), org: actor.orgId, login_id: actor.loginId };
  }
}
