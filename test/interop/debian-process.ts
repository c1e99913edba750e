/** Debian's commands over a cluster's own folder of rings and swift.conf, whatever /etc/swift holds. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PYTHON = '/usr/bin/python3';
const PROGRAM = `
import runpy, sys
import swift.common.utils as utils
utils.SWIFT_CONF_FILE = sys.argv[1]
# What the import has read in /etc/swift, if that is there.
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b''
utils.validate_hash_conf()
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name='__main__')
`;

/** Command line of one of Debian's commands, for the cluster whose swift.conf lies in `swiftDir`. */
export function debianCommand(swiftDir: string, command: string): string[] {
  return [PYTHON, '-c', PROGRAM, join(swiftDir, 'swift.conf'), join('/usr/bin', command)];
}

/** Runs one to its end and gives what it printed. Throws when it fails. */
export async function runDebian(swiftDir: string, command: string, ...args: string[]): Promise<string> {
  const [program = '', ...words] = debianCommand(swiftDir, command);
  const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`);
  return output;
}
