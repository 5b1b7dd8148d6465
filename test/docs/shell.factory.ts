import { type ChildProcess, spawn } from 'node:child_process';
import { ROOT } from '../support/root.js';

const PATIENCE_MS = 90_000;

/** A terminal of a reader: blocks are pasted into one bash, one after the other, as they stand. */
export class Shell {
  private output = '';
  private count = 0;
  private readonly child: ChildProcess;

  constructor(env: Readonly<Record<string, string>>) {
    this.child = spawn('bash', ['--norc'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.output += bytes.toString();
      });
    }
  }

  /** Pastes a block and waits until its last command is done. Gives back what it printed. */
  async paste(block: string): Promise<string> {
    const begin = this.output.length;
    const mark = `--- pasted ${++this.count} ---`;
    this.child.stdin?.write(`${block}\necho '${mark}'\n`);
    const until = Date.now() + PATIENCE_MS;
    while (!this.output.includes(mark, begin)) {
      if (Date.now() > until || this.child.exitCode !== null) {
        throw new Error(`the block did not come to its end:\n${this.output.slice(begin)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.output.slice(begin).replace(`${mark}\n`, '');
  }

  /** Closes the terminal; what the blocks left running there is ended. */
  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    if (this.child.exitCode !== null) return;
    this.child.stdin?.end('kill $(jobs -p) 2> /dev/null; wait\n');
    await gone;
  }
}
