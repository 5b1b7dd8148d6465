import { Body, Controller, Headers, Ip, Post } from '@nestjs/common';
import { Endpoint } from '@parley/platform/http';
import { Public } from '../access/access.decorators.js';
import { RegisterDto, toUserDto, UserDto } from '../accounts/accounts.dto.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { toTokenPairDto } from '../logins/logins.dto.js';
import { identifierOf, LoginAnswerDto, LoginDto } from './sign-in.dto.js';
import { SignInDoor } from './sign-in.guard.js';
import { SignInService } from './sign-in.service.js';

/** How one becomes somebody: the same handlers on two paths. */
@Controller(['auth', 'users'])
export class SignInController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly signIn: SignInService,
  ) {}

  @Post('register')
  @Public()
  @Endpoint({
    summary: 'Make an account',
    tag: 'Accounts',
    status: 201,
    limit: 'auth.register',
    example: { email: 'ada@example.com', password: 'correct horse battery staple', display_name: 'Ada' },
  })
  async register(@Body() { email, password, username, display_name }: RegisterDto): Promise<UserDto> {
    return toUserDto(await this.accounts.register({ email, password, username, displayName: display_name }));
  }

  @Post('login')
  @Public()
  @Endpoint({
    summary: 'Sign in',
    tag: 'Accounts',
    example: { email: 'ada@example.com', password: 'correct horse battery staple' },
  })
  @SignInDoor()
  async login(
    @Body() body: LoginDto,
    @Ip() address: string,
    @Headers('user-agent') userAgent?: string,
  ): Promise<LoginAnswerDto> {
    const device = { address, userAgent, token: body.device_token };
    const { user, deviceToken, ...pair } = await this.signIn.signIn(identifierOf(body), body.password, device);
    return { ...toTokenPairDto(pair), device_token: deviceToken, user: toUserDto(user) };
  }
}
