const { createHash } = require('node:crypto');
const { join } = require('node:path');
const { createTransformer } = require('@swc/jest');

const ROOT = join(__dirname, '../../..');

/** Compiles like the suites do, but with one range of one file replaced: `PARLEY_TEST_MUTANT` says which. */
module.exports = {
  createTransformer(options) {
    const plain = createTransformer(options);
    const mutant = JSON.parse(process.env.PARLEY_TEST_MUTANT);
    const mutated = (text, file) => {
      if (file !== join(ROOT, mutant.file)) return text;
      return text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
    };
    return {
      canInstrument: false,
      process: (text, file, more) => plain.process(mutated(text, file), file, more),
      getCacheKey: (text, file, more) =>
        createHash('sha256')
          .update(plain.getCacheKey(mutated(text, file), file, more))
          .digest('hex'),
    };
  },
};
