/** Options that nobody reads: most often slips of the pen. */

import { nearestName } from '../common/nearest-name.ts';
import type { Conf, ConfSpec } from '../http/contract.ts';
import { isPattern, patternRegExp } from '../common/conf-spec.ts';

export interface UnknownOption {
  readonly name: string;
  /** The known option with the most similar name, when one is near. */
  readonly nearest: string | undefined;
}

const NEVER_UNKNOWN = new Set(['here', '__file__', '__name__', 'use', 'require', 'filter-with']);

/**
 * Names in `conf` that `spec` does not have, neither as such nor by a pattern. What the loader itself adds, `log_*` and `set log_*`
 * never count, nor do the names in `ignored`. `set x` counts as `x`.
 */
export function unknownOptions(spec: ConfSpec, conf: Conf, ignored: Iterable<string> = []): UnknownOption[] {
  const known = Object.keys(spec);
  const names = new Set(known);
  const patterns = known.filter(isPattern).map(patternRegExp);
  const skipped = new Set(ignored);
  const unknown: UnknownOption[] = [];
  for (const written of Object.keys(conf)) {
    const name = written.replace(/^set +/, '');
    if (NEVER_UNKNOWN.has(name) || skipped.has(name) || name.startsWith('log_') || names.has(name)) continue;
    if (patterns.some((pattern) => pattern.test(name))) continue;
    unknown.push({
      name: written,
      nearest: nearestName(
        name,
        known.filter((each) => !isPattern(each)),
      ),
    });
  }
  return unknown;
}
