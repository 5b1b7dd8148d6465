import { Global, Module } from '@nestjs/common';
import { UpgradeDoors } from './upgrade-doors.js';

@Global()
@Module({ providers: [UpgradeDoors], exports: [UpgradeDoors] })
export class SocketsModule {}
