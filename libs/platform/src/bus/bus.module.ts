import { Global, Module } from '@nestjs/common';
import { Bus } from './bus.js';
import { ProcessBus } from './process-bus.js';

@Global()
@Module({ providers: [{ provide: Bus, useClass: ProcessBus }], exports: [Bus] })
export class BusModule {}
