/** The `user` option: a server that was started as root becomes that user once it has what only root may have. */

import { execFileSync } from 'node:child_process';
import { ConfigError, type Place } from '../common/config-error.ts';

/** Throws ConfigError when this process, being root, is to become a user that does not exist. `place`: of the option. */
export function checkUser(user: string, place?: Place): void {
  if (isRoot() && user !== 'root') groupOf(user, place);
}

/** Becomes `user` when the process runs as root; else there is nothing to give up. Throws ConfigError for an unknown user. */
export function dropPrivileges(user: string): void {
  if (!isRoot() || user === 'root') return;
  const group = groupOf(user);
  // Node's types leave this one out.
  (process as { initgroups?: (user: string, group: number) => void }).initgroups?.(user, group);
  process.setgid?.(group);
  process.setuid?.(user);
  process.umask(0o22);
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** The user's primary group, from wherever this machine keeps its users. */
function groupOf(user: string, place: Place = { key: 'user' }): number {
  try {
    return Number(execFileSync('id', ['-g', '--', user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch (cause) {
    const text = `expected a user of this machine, not ${JSON.stringify(user)}`;
    throw new ConfigError({ ...place, code: 'option-invalid', text, value: user, cause });
  }
}
