/** The sections `[proxy-server:policy:N]` of the proxy's config file. */

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeConfig, parseIni } from '../common/ini-dialect.ts';
import type { Conf } from '../http/contract.ts';

const PREFIX = 'proxy-server:policy:';

/** By policy index; none when there is no file. Throws ConfigError for a file that cannot be parsed. */
export function policySections(path: string | undefined): Map<number, Conf> {
  const sections = new Map<number, Conf>();
  for (const file of path === undefined ? [] : configFiles(path)) {
    for (const [name, section] of parseIni(decodeConfig(readFileSync(file), file), file).sections) {
      const index = name.startsWith(PREFIX) ? name.slice(PREFIX.length).trim() : '';
      if (!/^\d+$/.test(index)) continue;
      const options = [...section.options].map(([key, { value }]) => [key, value] as const);
      sections.set(Number(index), { ...sections.get(Number(index)), ...Object.fromEntries(options) });
    }
  }
  return sections;
}

/** The file, or the `.conf` files of a `.conf.d` folder in the order in which they are read. */
function configFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(path, name));
}
