import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { contentTag, Endpoint, type ExpectedVersions, IfMatch } from '@parley/platform/http';
import { CurrentActor, SignedIn } from '../access/access.decorators.js';
import type { Actor } from '../access/actor.js';
import { toUserDto, UpdateProfileDto, UserDto } from './accounts.dto.js';
import { AccountsService } from './accounts.service.js';

/** The version is what `If-Match` compares; roles and the last sign-in change without it. */
const etag = (user: UserDto): string => `${user.version}.${contentTag(user)}`;

@Controller('users/profile')
export class ProfileController {
  constructor(private readonly accounts: AccountsService) {}

  @Get()
  @SignedIn()
  @Endpoint({ summary: 'My profile', tag: 'Accounts', etag })
  async read(@CurrentActor() actor: Actor): Promise<UserDto> {
    return toUserDto(await this.accounts.profile(actor));
  }

  @Put()
  @SignedIn()
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that was read: a profile changed since is 412.' })
  @Endpoint({ summary: 'Change my profile', tag: 'Accounts', etag, example: { display_name: 'Ada' } })
  async update(
    @CurrentActor() actor: Actor,
    @Body() { display_name, preferences, metadata }: UpdateProfileDto,
    @IfMatch() expected: ExpectedVersions | undefined,
  ): Promise<UserDto> {
    return toUserDto(
      await this.accounts.updateProfile(actor, { displayName: display_name, preferences, metadata }, expected),
    );
  }
}
