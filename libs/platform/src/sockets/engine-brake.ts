import type { Socket } from 'socket.io';
import { ReadBrake } from './read-brake.js';

type EngineSocket = Socket['conn'];

interface Pausable {
  readonly bufferedAmount: number;
  pause(): void;
  resume(): void;
}

/**
 * The brake of a line of Engine.IO, below all namespaces: those who have not signed in are answered too. A client
 * that polls cannot be paused; who sends on without fetching its answers is closed.
 * @param mostWaiting characters that may wait for the client
 */
export function brakeEngine(line: EngineSocket, mostWaiting: number): void {
  let unsent = 0;
  line.on('packetCreate', ({ data }: { data?: unknown }) => {
    if (typeof data === 'string') unsent += data.length;
  });
  line.on('flush', () => {
    unsent = 0;
  });
  const brake = new ReadBrake(
    {
      pause: () => webSocketOf(line)?.pause(),
      resume: () => webSocketOf(line)?.resume(),
      waiting: () => unsent + (webSocketOf(line)?.bufferedAmount ?? 0),
    },
    mostWaiting,
  );
  line.on('packet', () => {
    if (webSocketOf(line) !== undefined) brake.took();
    else if (unsent > mostWaiting) line.close(true);
  });
  line.once('close', () => brake.end());
}

/** Engine.IO does not declare it; undefined while the client polls. */
function webSocketOf({ transport }: EngineSocket): Pausable | undefined {
  const socket: unknown = Reflect.get(transport, 'socket');
  return isPausable(socket) ? socket : undefined;
}

function isPausable(value: unknown): value is Pausable {
  return (
    typeof value === 'object' &&
    value !== null &&
    'bufferedAmount' in value &&
    'pause' in value &&
    typeof value.pause === 'function'
  );
}
