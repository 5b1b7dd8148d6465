import type { DynamicModule, Type } from '@nestjs/common';
import { BusModule } from '@parley/platform/bus';
import { LifecycleModule, programVersion } from '@parley/platform/lifecycle';
import { UnreadMetricsModule } from './unread-metrics.module.js';

/** What the libraries stand on in every process, as a command has it. */
export function ground(): (Type<unknown> | DynamicModule)[] {
  return [LifecycleModule.forRoot({ role: 'cli', version: programVersion() }), UnreadMetricsModule, BusModule];
}
