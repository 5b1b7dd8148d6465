/** Sources import './x.js' (ESM rule) where the file is './x.ts'; some packages export only an `import` condition. */
module.exports = (request, options) => {
  const fromPackage = options.basedir.includes('node_modules');
  if (!fromPackage && request.startsWith('.') && request.endsWith('.js')) {
    try {
      return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
    } catch {
      // not a TypeScript source: fall through to the plain request
    }
  }
  try {
    return options.defaultResolver(request, options);
  } catch (error) {
    if (request.startsWith('.')) throw error;
    return options.defaultResolver(request, { ...options, conditions: ['import', ...(options.conditions ?? [])] });
  }
};
