import { build, install } from './prepare.mjs';

/** Milliseconds. */
const LOOK = 500;

/**
 * npm runs this in a shell and hands it the signals that it is sent itself; a shell does not hand them on. So
 * when the shell is gone the program is asked to leave: `npm start` that is told to end leaves no server behind.
 */
function leaveWithNpm() {
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK).unref();
  // Ctrl-C reaches everybody at once: who was told by itself is not told again, a second signal would cut it short.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      clearInterval(timer);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}

install();
build();
if (process.env.npm_lifecycle_event === 'start') leaveWithNpm();
await import('../dist/apps/api/src/main.js');
