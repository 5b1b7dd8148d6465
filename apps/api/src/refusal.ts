import { ConfigError } from '@parley/platform/config';
import { KeyRingError } from '@parley/platform/crypto';
import { DatabaseStartError } from '@parley/platform/database';

/** Why a start was refused, for the operator: expected reasons in a few lines, everything else with its stack. */
export function refusal(thrown: unknown): string {
  if (thrown instanceof ConfigError) {
    const findings = thrown.findings.map(({ source, problem }) => `  ${source}: ${problem}`);
    return ['Parley did not start: the configuration was refused.', ...findings].join('\n');
  }
  if (thrown instanceof DatabaseStartError || thrown instanceof KeyRingError || isPortTaken(thrown)) {
    return `Parley did not start: ${thrown.message}`;
  }
  return `Parley did not start.\n${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
}

function isPortTaken(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE';
}
