/** Programs of Debian that the bench drives or compares with; installed where that is possible. */

import { haveServer } from '../test/real-servers.ts';

const SWIFT = ['swift-proxy-server', 'swift-object-server', 'swift-container-server', 'swift-account-server'] as const;

/** Throws when one is missing that nothing can be measured without. */
export function requirePrograms(withPython: boolean): void {
  const needed = ['wrk', 'memcached', ...(withPython ? SWIFT : [])] as const;
  const missing = needed.filter((program) => !haveServer(program, 'all that is measured'));
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
}

export function haveNginx(): boolean {
  return haveServer('nginx', 'the comparison with nginx');
}
