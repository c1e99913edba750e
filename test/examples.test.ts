import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { readmeCommands, shellBlock } from './example-readme.ts';
import { startProcess } from './npm-start.ts';
import { scratchDirectory } from './unit/common/scratch.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples/mystandalonemw');
const run = promisify(execFile);

/** A project folder with Apus's configs in etc/swift and the proxy-server.conf of the example. */
async function projectFolder(): Promise<{ path: string; configDir: string }> {
  const scratch = scratchDirectory();
  onTestFinished(() => scratch.remove());
  const configDir = join(scratch.path, 'etc/swift');
  await mkdir(configDir, { recursive: true });
  await cp(join(root, 'etc/swift'), configDir, { recursive: true });
  await cp(join(example, 'etc/swift/proxy-server.conf'), join(configDir, 'proxy-server.conf'));
  await writeFile(join(scratch.path, 'package.json'), '{ "name": "my-store", "private": true, "type": "module" }\n');
  return { path: scratch.path, configDir };
}

test.each([
  ['as a link', []],
  ['as a copy, in which Node itself refuses TypeScript', ['--install-links']],
])('the filter of the package, installed with npm %s, works in a server', async (_how, flags) => {
  const project = await projectFolder();
  const install = ['install', '--offline', '--no-audit', '--no-fund', ...flags, example];
  await run('npm', install, { cwd: project.path });
  const cluster = await startProcess(project.configDir);
  onTestFinished(() => cluster.stop());
  const send = (method: string, path: string, body?: string): Promise<Response> =>
    fetch(`${cluster.url}${path}`, { method, ...(body === undefined ? {} : { body }) });

  expect(await (await send('GET', '/healthcheck')).text()).toBe('OK');
  expect((await send('PUT', '/v1/AUTH_test/c')).status).toBe(201);
  expect((await send('PUT', '/v1/AUTH_test/c/hello.txt', 'hello')).status).toBe(201);

  const begun = performance.now();
  const download = await send('GET', '/v1/AUTH_test/c/hello.txt');
  expect(await download.text()).toBe('hello');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(990);
  expect(download.headers.get('x-mystandalonemw')).toBe('latency 1000 ms');
  expect(download.headers.get('x-object-meta-sha256')).toMatch(/^2cf24dba/);

  const refused = await send('PUT', '/v1/AUTH_test/c/setup.exe', 'x');
  expect([refused.status, await refused.text()]).toEqual([403, 'Files of type .exe are not stored here.\n']);
  const large = await send('PUT', '/v1/AUTH_test/c/large', 'x'.repeat(1_048_577));
  expect([large.status, await large.text()]).toEqual([413, 'No more than 1048576 bytes are stored here.\n']);
  expect(await (await send('GET', '/v1/AUTH_test/c')).text()).toBe('hello.txt\n');
  const info = (await (await send('GET', '/info')).json()) as Record<string, unknown>;
  expect(info['mystandalonemw']).toEqual({ latency_ms: 1000, max_put_bytes: 1_048_576 });
});

test('what the README of the package tells to do works as it says', async () => {
  const scratch = scratchDirectory();
  onTestFinished(() => scratch.remove());
  await run('bash', ['-euc', shellBlock(example, 0)], { cwd: scratch.path, env: { ...process.env, APUS: root } });
  const cluster = await startProcess(join(scratch.path, 'my-store/etc/swift'));
  onTestFinished(() => cluster.stop());
  const { printed, promised } = await readmeCommands(example, cluster.url, 2);
  expect(printed).toBe(promised);
});

test('the filter in a single file is named by its path', async () => {
  const project = await projectFolder();
  await cp(join(root, 'examples/mymw.ts'), join(project.configDir, 'mymw.ts'));
  const conf = await readFile(join(root, 'etc/swift/proxy-server.conf'), 'utf8');
  const section = '\n[filter:mymw]\npaste.filter_factory = ./mymw.ts:filterFactory\nrefused_extensions = .iso\n';
  const pipeline = conf.replace('proxy-logging proxy-server', 'proxy-logging mymw proxy-server');
  await writeFile(join(project.configDir, 'proxy-server.conf'), pipeline + section);
  const cluster = await startProcess(project.configDir);
  onTestFinished(() => cluster.stop());
  const auth = await fetch(`${cluster.url}/auth/v1.0`, {
    headers: { 'x-auth-user': 'test:tester', 'x-auth-key': 'testing' },
  });
  const headers = { 'x-auth-token': auth.headers.get('x-auth-token') ?? '' };
  const put = (name: string): Promise<Response> =>
    fetch(`${cluster.url}/v1/AUTH_test/${name}`, { method: 'PUT', headers, body: '' });
  expect((await put('c')).headers.get('x-filtered-by')).toBe('mymw');
  const refused = await put('c/disk.iso');
  expect([refused.status, await refused.text()]).toEqual([403, 'Not stored here: .iso\n']);
});
