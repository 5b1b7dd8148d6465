import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow by 60 % at most before the next full collection. V8's own rule goes by the memory of the
 * machine: on a large one it lets garbage grow to four times what lives, which cost 120 MB under load and
 * gained nothing (`npm run bench:turns`).
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=60');
}
