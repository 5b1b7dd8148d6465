/**
 * A process of its own around the embedded database, for tests that kill it: opens the cluster of a data
 * directory, says so as one JSON line, and leaves when its standard input ends.
 * Usage: node test/support/postgres-child.cjs <data_dir> serve|join
 */
const { join } = require('node:path');
require('./sources.cjs');

const EMBEDDED = join(__dirname, '../../libs/platform/src/database/embedded');
const { EmbeddedCluster } = require(join(EMBEDDED, 'embedded-cluster.ts'));
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function main([dataDir, presence]) {
  try {
    const cluster = await EmbeddedCluster.open(dataDir, presence);
    say({ event: 'open', home: cluster.home });
    process.stdin.resume();
    process.stdin.once('end', () => cluster.close().then(() => process.exit(0)));
  } catch (error) {
    say({ event: 'refused', message: error.message });
    process.exitCode = 1;
  }
}

void main(process.argv.slice(2));
