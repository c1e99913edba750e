import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { runGetNodes } from '../../src/cli/get-nodes/run.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { interopTest } from './debian-swift.ts';
import { ourBuilder, ourCommand, SwiftCommands, type Outcome } from './swift-ring-commands.ts';

const test = interopTest('/usr/bin/swift-get-nodes');
let swift: SwiftCommands;
let scratch: ReturnType<typeof scratchDirectory>;

beforeAll(() => {
  swift = new SwiftCommands();
});

afterAll(async () => {
  await swift.close();
});

beforeEach(async () => {
  scratch = scratchDirectory();
  writeFileSync(
    join(scratch.path, 'swift.conf'),
    `[swift-hash]\nswift_hash_path_prefix = start\nswift_hash_path_suffix = end
[storage-policy:0]\nname = gold\naliases = first\ndefault = yes\n[storage-policy:1]\nname = silver\n`,
  );
  mkdirSync(join(scratch.path, 'backups'));
  for (const name of ['account', 'container', 'object', 'object-1']) {
    const builder = join(scratch.path, `${name}.builder`);
    expect((await ourBuilder([builder, 'create', '8', name === 'object' ? '2' : '2.5', '1'])).code).toBe(0);
    const devices = [1, 2, 3, 4, 5, 6, 7].flatMap((n) => [
      `r1z${n % 3}-${n === 3 ? `[fd00::${n}]` : `10.0.0.${n}`}:620${n}/sd${n}é`,
      '100',
    ]);
    expect((await ourBuilder([builder, 'add', ...devices])).code).toBe(0);
    expect((await ourBuilder([builder, 'rebalance', '--seed', name])).code).toBeLessThan(2);
  }
});

afterEach(() => {
  scratch.remove();
});

async function both(argv: readonly string[]): Promise<{ theirs: Outcome; ours: Outcome }> {
  const args = ['-d', scratch.path, ...argv.map((word) => word.replace(/^([\w-]+\.ring\.gz)$/, `${scratch.path}/$1`))];
  return {
    theirs: await swift.command(['swift-get-nodes', ...args]),
    ours: await ourCommand({ name: 'swift-get-nodes', failureCode: 1 }, runGetNodes, args),
  };
}

test('the nodes of accounts, containers, objects and partitions are told as Swift tells them', async () => {
  const questions: readonly (readonly string[])[] = [
    ['account.ring.gz', 'AUTH_test'],
    ['-a', 'account.ring.gz', 'AUTH_test'],
    ['account.ring.gz', '/AUTH_test/'],
    ['account.ring.gz', 'AUTH_test', 'c'],
    ['container.ring.gz', 'AUTH_test', 'c'],
    ['container.ring.gz', 'AUTH_test/c'],
    ['container.ring.gz', 'AUTH_test'],
    ['object.ring.gz', 'AUTH_test', 'c', 'o'],
    ['object.ring.gz', 'AUTH_test/c/dir/o', '--all'],
    ['object.ring.gz', 'AUTH_test', 'c c', 'dir/ümlaut %41?&"'],
    ['object-1.ring.gz', 'AUTH_test', 'c', 'o'],
    ['object-1.ring.gz', 'AUTH_test', 'c'],
    ['-Q', 'object.ring.gz', 'AUTH%5ftest', 'c%20c', '%C3%BCmlaut%2Fx'],
    ['-Q', 'object.ring.gz', 'AUTH_test/c%2Fc/o'],
    ['object.ring.gz', '-p', '17'],
    ['object.ring.gz', '-p', '0', '-a'],
    ['object-1.ring.gz', '--partition=255'],
    ['account.ring.gz', '-p', '3'],
    ['object.ring.gz', '-p', '300'],
    ['object.ring.gz', '-p', '17', 'AUTH_test', 'c', 'o'],
    ['-P', 'gold', 'AUTH_test', 'c', 'o'],
    ['-P', 'first', 'AUTH_test/c/o'],
    ['-P', 'silver', 'AUTH_test', 'c', 'o', '-a'],
    ['-P', 'Silver', '-p', '9'],
    ['-P', 'gold', '-p', '9'],
    ['-P', 'silver', 'AUTH_test', 'c'],
    ['-P', 'silver', 'AUTH_test'],
    ['account.ring.gz', ''],
    ['account.ring.gz', '', 'c'],
    ['account.ring.gz', 'a', '', 'o'],
  ];
  for (const question of questions) {
    const { theirs, ours } = await both(question);
    expect({ question, code: ours.code, output: ours.output }, theirs.errors).toEqual({
      question,
      code: theirs.code,
      output: theirs.output,
    });
  }
});

test('questions that cannot be answered get the usage and the reason, exit code 1', async () => {
  const faults: readonly (readonly [string, readonly string[]])[] = [
    ['ERROR: Need to specify policy_name or <ring.gz>', []],
    ['ERROR: Need to specify policy_name or <ring.gz>', ['AUTH_test']],
    ['ERROR: Need to specify policy_name or <ring.gz>', ['-p', '5']],
    ['ERROR: Ring file does not exist', ['missing.ring.gz', 'AUTH_test']],
    ['ERROR: No target specified', ['object.ring.gz']],
    ['ERROR: Invalid arguments', ['object.ring.gz', 'a', 'c', 'o', 'x']],
    ["ERROR: No policy named 'bronze'", ['-P', 'bronze', 'a']],
  ];
  for (const [fault, question] of faults) {
    const { theirs, ours } = await both(question);
    // Python's sys.exit(text) prints the text and ends with 1.
    expect(theirs.code).toBe(fault);
    expect(ours).toMatchObject({ code: 1, errors: `${fault}\n` });
    expect(ours.output).toMatch(/^Usage: swift-get-nodes \[-a\] <ring.gz>/);
  }
  expect((await both(['object.ring.gz', '-p', 'x'])).ours.code).toBe(1);
  expect((await both(['--colour'])).ours.code).toBe(2);
});
