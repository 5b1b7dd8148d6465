import '@parley/schema'; import '@parley/platform/database'; import '@parley/platform/errors'; import '@parley/platform/config';import '@parley/platform/clock';import '@parley/platform/ids';
