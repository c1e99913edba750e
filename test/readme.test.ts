import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../src/testing.ts';
import { scratchDirectory } from './unit/common/scratch.ts';

const root = join(import.meta.dirname, '..');
const ENDPOINT = 'http://127.0.0.1:8080';

let readme: string;
let scratch: ReturnType<typeof scratchDirectory>;
let cluster: Cluster;

/** The first block of a language that holds `mark`. */
function blockOf(language: string, mark: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter((match) => match[1] === language);
  const found = blocks.map((match) => match[2] as string).find((text) => text.includes(mark));
  if (found === undefined) throw new Error(`README.md has no block of ${language} with ${mark}`);
  return found;
}

/** The shipped proxy-server.conf with the README's pipeline in place of its own, and the README's section behind it. */
function withFilter(conf: string): string {
  const [pipeline = '', section = ''] = blockOf('ini', '[filter:meter]').split('\n\n');
  const line = pipeline.split('\n').find((each) => each.startsWith('pipeline =')) as string;
  return `${conf.replace(/^pipeline = .*$/m, line)}\n${section}`;
}

beforeAll(async () => {
  readme = await readFile(join(root, 'README.md'), 'utf8');
  scratch = scratchDirectory();
  await cp(join(root, 'etc/swift'), scratch.path, { recursive: true });
  await writeFile(join(scratch.path, 'package.json'), '{ "type": "module" }');
  await writeFile(join(scratch.path, 'meter.ts'), blockOf('ts', 'slow_after'));
  const confPath = join(scratch.path, 'proxy-server.conf');
  await writeFile(confPath, withFilter(await readFile(confPath, 'utf8')));
  cluster = await startCluster({ configDir: scratch.path });
});
afterAll(async () => {
  await cluster.stop();
  scratch.remove();
});

test('the three lines get a token, put an object and get it', async () => {
  const lines = blockOf('sh', 'TOKEN=').replaceAll(ENDPOINT, cluster.url);
  const { stdout } = await promisify(execFile)('bash', ['-euc', lines]);
  expect(stdout).toBe('hello, world\n');
});

test('the filter of the page refuses what is too large and adds its header to answers', async () => {
  const { token, storageUrl } = await cluster.authenticate();
  const put = (size: number): Promise<Response> =>
    fetch(`${storageUrl}/docs/big`, { method: 'PUT', headers: { 'X-Auth-Token': token }, body: 'x'.repeat(size) });
  await fetch(`${storageUrl}/docs`, { method: 'PUT', headers: { 'X-Auth-Token': token } });
  const refused = await put(1_048_577);
  expect([refused.status, await refused.text()]).toEqual([413, 'Too large for this store.\n']);
  const taken = await put(1_048_576);
  expect([taken.status, taken.headers.get('x-metered')]).toEqual([201, 'yes']);
});
