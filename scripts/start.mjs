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
}

install();
build();
if (process.env.npm_lifecycle_event === 'start') leaveWithNpm();
await import('../dist/apps/api/src/main.js');
