import { spawnSync } from 'node:child_process';
import { describeWhen } from '@parley/platform/testing';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const MISSING = 'there is no chromium on PATH (Debian: apt-get install chromium)';
const PATIENCE_MS = 180_000;
/** It must not ask its maker's servers for anything, and needs no sandbox for pages that we wrote. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The console names most refusals of the content security policy, the event all of them. */
const REPORT_REFUSALS = `document.addEventListener('securitypolicyviolation', (refusal) => {
  console.error('refused by ' + refusal.violatedDirective + ': ' + refusal.blockedURI);
});`;

function installed(): string | null {
  return NAMES.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) ?? null;
}

/** CI installs it while other suites run: there it is waited for. */
function findChromium(): string | null {
  const until = Date.now() + (process.env['PARLEY_TEST_REQUIRE_SERVERS'] === '1' ? PATIENCE_MS : 0);
  for (;;) {
    const found = installed();
    if (found !== null || Date.now() >= until) return found;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  }
}

function pathOf(name: string): string {
  return spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
}

/** A suite in a real Chromium; skipped with a plain word where there is none. */
export function describeInBrowser(name: string, suite: (open: () => Promise<Browser>) => void): void {
  const open = (program: string) => chromium.launch({ executablePath: pathOf(program), args: ARGUMENTS });
  describeWhen(findChromium(), MISSING, name, (program) => suite(() => open(program)));
}

/** A page in a window of its own, and everything that it complained of and asked for. */
export class WatchedPage {
  /** Errors and warnings on the console, refusals of the content security policy among them, and uncaught errors. */
  readonly complaints: string[] = [];
  readonly requests: URL[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on('request', (request) => this.requests.push(new URL(request.url())));
  }

  static async open(browser: Browser): Promise<WatchedPage> {
    const context = await browser.newContext();
    const watched = new WatchedPage(await context.newPage(), context);
    context.setDefaultTimeout(20_000);
    await context.addInitScript(REPORT_REFUSALS);
    return watched;
  }

  /** Origins that it asked, `data:` and `blob:` left out: those ask nobody. */
  get origins(): string[] {
    const asked = this.requests.filter(({ protocol }) => protocol !== 'data:' && protocol !== 'blob:');
    return [...new Set(asked.map(({ origin }) => origin))];
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
