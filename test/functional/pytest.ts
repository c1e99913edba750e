/** Runs Swift's functional tests with pytest and tells of each test what became of it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { USERS } from '../cluster/configuration.ts';

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface TestResult {
  /** `test.functional.tests.TestFile::testCopy` */
  name: string;
  outcome: Outcome;
  /** Last line of what pytest says of it; empty for one that passed. */
  reason: string;
}

export interface PytestRun {
  results: readonly TestResult[];
  /** 0 all passed, 1 some failed; anything else is a run that did not come to its end. */
  exitCode: number | null;
}

/** A plugin: a line of JSON for every test on file descriptor 3, as it ends. */
const REPORTER = `
import json, os
out = os.fdopen(3, 'w', buffering=1)
results = {}
def pytest_runtest_logreport(report):
    path, _, rest = report.nodeid.partition('::')
    group, _, name = rest.rpartition('::')
    full = '%s.%s::%s' % (path[:-3].replace('/', '.'), group.replace('::', '.'), name)
    if report.failed:
        results[full] = ['failed', str(getattr(report.longrepr, 'reprcrash', None) or report.longrepr)]
    elif report.skipped:
        results[full] = ['skipped', str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)]
    if report.when == 'teardown':
        out.write(json.dumps([full] + results.pop(full, ['passed', ''])) + '\\n')
`;

function testConf(url: string): string {
  const [account, username] = USERS.tester.user.split(':');
  const [account2, username2] = USERS.tester2.user.split(':');
  const [, username3] = USERS.tester3.user.split(':');
  return `[func_test]
auth_uri = ${url}/auth/v1.0
account = ${account}
username = ${username}
password = ${USERS.tester.key}
account2 = ${account2}
username2 = ${username2}
password2 = ${USERS.tester2.key}
username3 = ${username3}
password3 = ${USERS.tester3.key}
collate = C
insecure = no
storage_domain = example.com

[unit_test]
fake_syslog = False
`;
}

/** `source`: the unpacked source of Swift. `args`: pytest's. `onResult` is called as each test ends. */
export async function runPytest(
  source: string,
  url: string,
  args: readonly string[],
  onResult: (result: TestResult) => void,
): Promise<PytestRun> {
  const folder = mkdtempSync(join(tmpdir(), 'apus-functional-'));
  try {
    writeFileSync(join(folder, 'test.conf'), testConf(url));
    writeFileSync(join(folder, 'apus_reporter.py'), REPORTER);
    const child = spawn(
      '/usr/bin/python3',
      ['-W', 'ignore', '-m', 'pytest', '-q', '--tb=short', '-p', 'no:cacheprovider', '-p', 'apus_reporter', ...args],
      {
        cwd: source,
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        env: { ...process.env, PYTHONPATH: folder, SWIFT_TEST_CONFIG_FILE: join(folder, 'test.conf') },
      },
    );
    return await follow(child, onResult);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function follow(child: ChildProcess, onResult: (result: TestResult) => void): Promise<PytestRun> {
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const results: TestResult[] = [];
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    const [name, outcome, reason] = JSON.parse(line) as [string, Outcome, string];
    const result = { name, outcome, reason: reason.trimEnd().split('\n').at(-1) ?? '' };
    results.push(result);
    onResult(result);
  });
  const [exitCode] = await closed;
  process.off('exit', end);
  // A run that broke off says why there.
  if (exitCode !== 0 && exitCode !== 1) process.stderr.write(output);
  return { results, exitCode };
}
