export { programVersion } from '@parley/platform/lifecycle';
