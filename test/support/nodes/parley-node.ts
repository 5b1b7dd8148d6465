import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@parley/platform/testing';
import { ROOT } from '../root.js';

const MAIN = { api: 'dist/apps/api/src/main.js', worker: 'dist/apps/worker/src/main.js' } as const;
const START_MS = 60_000;

export interface NodeOptions {
  readonly role?: keyof typeof MAIN;
  /** Over the clean environment that every node gets: `PARLEY_ENV=test`, no key, no provider. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The built program as a process of its own: what is started, killed and started again in the suites. */
export class ParleyNode {
  private output = '';
  readonly exited: Promise<number | null>;

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.output = (this.output + bytes.toString()).slice(-2_000_000);
      });
    }
    this.exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  /** Starts a node and waits until it is ready. @throws Error with what it printed, when it is not */
  static async start({ role = 'api', env = {} }: NodeOptions = {}): Promise<ParleyNode> {
    const main = join(ROOT, MAIN[role]);
    if (!existsSync(main)) throw new Error(`${main} is missing: run npm run build first`);
    const port = env['PORT'] ?? String(await freePort());
    const child = spawn(process.execPath, [main], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', PARLEY_ENV: 'test', HOST: '127.0.0.1', PORT: port, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const node = new ParleyNode(`http://127.0.0.1:${port}`, child);
    await node.ready();
    return node;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Everything it has printed, its log included. */
  get log(): string {
    return this.output;
  }

  /** `kill -9`: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM, and the exit code that came of it. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  private async ready(): Promise<void> {
    const until = Date.now() + START_MS;
    while (!/^Parley .*is ready/m.test(this.output)) {
      if (this.child.exitCode !== null || Date.now() > until) {
        this.child.kill('SIGKILL');
        throw new Error(`the node did not start:\n${this.output.slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
