import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Injectable } from '@nestjs/common';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';

/** Share of what the process may have from which on it is close to being killed. */
const NEARLY_ALL = 0.9;

@Injectable()
export class MemoryIndicator implements HealthIndicator {
  readonly name = 'memory';
  readonly critical = false;

  async check(): Promise<HealthState> {
    const heap = getHeapStatistics();
    if (heap.used_heap_size > heap.heap_size_limit * NEARLY_ALL) {
      return { status: 'degraded', reason: 'the heap is nearly full' };
    }
    if (process.memoryUsage.rss() > allowedBytes() * NEARLY_ALL) {
      return { status: 'degraded', reason: 'the memory that this process may use is nearly used' };
    }
    return { status: 'up' };
  }
}

/** The limit of the container where there is one, else all of the machine. */
function allowedBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
