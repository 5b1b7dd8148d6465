const { closeRun } = require('./postgres-runs.cjs');

module.exports = async () => {
  const directory = process.env.PARLEY_TEST_RUN_DIR;
  if (directory !== undefined) await closeRun(directory);
};
