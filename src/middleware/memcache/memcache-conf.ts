/** memcache.conf in swift_dir: options that several filters and daemons of a machine share. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Conf, ConfigError, type Host, readSection } from '../../middleware-api.ts';

const SECTION = 'memcache';

/** Its [memcache] section; undefined when there is none. A file that cannot be read is warned about and passed over, as in Swift. */
export function readMemcacheConf(host: Host): { path: string; conf: Conf } | undefined {
  const path = join(host.swiftDir, 'memcache.conf');
  if (!existsSync(path)) return undefined;
  try {
    return { path, conf: readSection(path, SECTION) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.log.warn(`cache: memcache.conf is passed over: ${error.message}`);
    return undefined;
  }
}
