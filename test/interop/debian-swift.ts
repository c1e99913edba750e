import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test, type TestAPI } from 'vitest';
import { HASH_PATH } from '../unit/db/support.ts';

const PYTHON = '/usr/bin/python3';
const NEEDED = ['/usr/bin/swift-container-info', '/usr/bin/swift-account-info', '/usr/lib/python3/dist-packages/swift'];

/** The commands and library of Debian's packages swift and python3-swift that are missing here. */
function missingParts(more: readonly string[]): string[] {
  return [PYTHON, ...NEEDED, ...more].filter((path) => !existsSync(path));
}

/**
 * `test` where Debian's Swift is installed. Elsewhere such tests fail when CI=true, and are left out with a loud reason on a
 * machine of a developer.
 */
export function interopTest(...more: string[]): TestAPI | TestAPI['skip'] {
  const missing = missingParts(more);
  if (missing.length === 0) return test;
  const reason = `Debian's Swift is not installed (${missing.join(', ')}): apt-get install swift-container swift-account`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.warn(`LEFT OUT: ${reason}`);
  return test.skip;
}

/** The hash path configuration of the tests, whatever /etc/swift/swift.conf says. */
const PREAMBLE = `
import json, runpy, sys
import swift.common.utils as utils
utils.HASH_PATH_PREFIX, utils.HASH_PATH_SUFFIX = b'${HASH_PATH.prefix.toString()}', b'${HASH_PATH.suffix.toString()}'
`;

/** Runs Python with Swift's library; `input` is handed over as `data`, parsed JSON. Gives what it printed. Throws when it fails. */
export function runPython(program: string, input: unknown = null): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', `${PREAMBLE}data = json.load(sys.stdin)\n${program}`], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return stdout;
}

/** What one of Swift's commands prints, as its `Key: value` lines. */
export function runCommand(command: string, ...args: string[]): Map<string, string> {
  const output = runPython('sys.argv = data\nrunpy.run_path(data[0], run_name="__main__")', [command, ...args]);
  const lines = output.split('\n').map((line) => /^\s*([^:]+): (.*)$/.exec(line));
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] as string, match[2] as string] as const])));
}

/** Like runPython, but beside us: `ready` at its first output, `ended` when it has ended well. */
export function startPython(
  program: string,
  input: unknown,
): { readonly ready: Promise<void>; readonly ended: Promise<void> } {
  const child = spawn(PYTHON, ['-c', `${PREAMBLE}data = json.load(sys.stdin)\n${program}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(input));
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`python ended with ${code as number}`);
  });
  return { ready: Promise.race([once(child.stdout, 'data').then(() => undefined), ended]), ended };
}
