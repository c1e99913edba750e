/** The sections `[proxy-server:policy:N]` of the proxy's config file. */

import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Conf } from '../common/conf.ts';
import { ConfigError, joinFaults } from '../common/config-error.ts';
import { readPolicySections } from '../common/readconf.ts';
import type { Policies } from '../common/storage-policy.ts';

/**
 * Options over those of [DEFAULT], by policy index; none without a file. `appName`: the app section's name. Throws ConfigError for a
 * file that cannot be read and for sections of policies that are not there.
 */
export function policySections(path: string | undefined, appName: string, policies: Policies): Map<number, Conf> {
  const sections = new Map<number, Conf>();
  const faults: ConfigError[] = [];
  for (const [index, section] of path === undefined
    ? []
    : readPolicySections(path, appName, { references: placesOf(path) })) {
    if (/^\d+$/.test(index) && policies.get(Number(index)) !== undefined) {
      sections.set(Number(index), section);
      continue;
    }
    const known = [...policies].map((policy) => policy.index).join(' or ');
    const text = `expected the index of a policy, ${known}, not ${JSON.stringify(index)}`;
    faults.push(
      new ConfigError({
        code: 'option-invalid',
        file: path,
        section: `${appName}:policy:${index}`,
        value: index,
        text,
      }),
    );
  }
  if (faults.length > 0) throw joinFaults(faults);
  return sections;
}

/** What `%(here)s` and `%(__file__)s` stand for in the server's own section too. */
function placesOf(path: string): Conf {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return { here: isFolder ? path : dirname(path), __file__: path };
}
