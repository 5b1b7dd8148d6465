const { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const PREFIX = 'parley-test-';

/** A directory for what one run of Jest starts; its name tells whose it is. */
function openRun() {
  sweepDeadRuns();
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** Stops what the run's directory says is running and removes it. */
async function closeRun(directory) {
  const running = () => serversIn(directory);
  for (const pid of running()) process.kill(pid, 'SIGQUIT');
  for (let tries = 0; tries < 200 && running().length > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  removeTree(directory);
}

/** Runs whose Jest was killed leave servers behind. */
function sweepDeadRuns() {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    for (const pid of serversIn(join(tmpdir(), name))) process.kill(pid, 'SIGQUIT');
    removeTree(join(tmpdir(), name));
  }
}

function removeTree(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Numbers of the living PostgreSQL and Redis servers that work in this run's directory or a folder of it. */
function serversIn(directory) {
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const homes = [directory, ...folders.map((entry) => join(directory, entry.name))];
  return homes
    .flatMap((home) => [workerIn(join(home, 'pgdata'), 'postmaster.pid'), workerIn(home, 'redis.pid')])
    .filter((pid) => pid !== undefined);
}

/** Number of the living process that works in this folder, by its pid file there. */
function workerIn(folder, pidFile) {
  try {
    const pid = Number.parseInt(readFileSync(join(folder, pidFile), 'utf8'), 10);
    if (!isAlive(pid)) return undefined;
    const works = statSync(`/proc/${pid}/cwd`);
    const home = statSync(folder);
    return works.ino === home.ino && works.dev === home.dev ? pid : undefined;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

module.exports = { openRun, closeRun };
