const { openRun } = require('./postgres-runs.cjs');

/**
 * Only makes the run's directory: the database in it is started by the first test file that opens one
 * (`@parley/platform/testing`), so that pure specs wait for nothing.
 */
module.exports = async () => {
  process.env.PARLEY_TEST_RUN_DIR = openRun();
};
