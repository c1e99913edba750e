import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Command } from './command.ts';
import { request } from './http-client.ts';
import { freePort, temporaryFolder } from './node-fixture.ts';
import { eventually } from './server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The configs of etc/swift with their data in a folder of the test's. `edit`: changes a config's text. */
function configFolder(edit: (text: string) => string = (text) => text): { dir: string; data: string } {
  const folder = temporaryFolder();
  const [dir, data] = [join(folder, 'etc'), join(folder, 'var')];
  cpSync(join(root, 'etc/swift'), dir, { recursive: true });
  for (const type of ['account', 'container', 'object', 'proxy']) {
    const path = join(dir, `${type}-server.conf`);
    writeFileSync(path, edit(readFileSync(path, 'utf8').replaceAll('%(here)s/../../var', data)));
  }
  return { dir, data };
}

function npmStart(dir: string, port: number): Command {
  return new Command('/bin/sh', ['-c', `exec npm --silent start -- --config ${dir} --port ${port}`], { cwd: root });
}

/** What `npm start` says when it refuses: its last line. */
async function refusal(command: Command): Promise<string> {
  expect((await command.exited).code).toBe(1);
  expect(command.stdout).toBe('');
  const lines = command.stderr.trimEnd().split('\n');
  return lines.at(-1) ?? '';
}

test('npm start serves, ends at Ctrl-C with exit code 0, and a second start has the data soon', async () => {
  const { dir } = configFolder();
  const port = await freePort();
  let token = '';
  for (const round of [1, 2]) {
    const started = performance.now();
    const command = npmStart(dir, port);
    await command.printed(`Apus serves http://127.0.0.1:${port}`);
    const tookMs = performance.now() - started;
    const login = { 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'testing' };
    token = (await request(port, '/auth/v1.0', { headers: login })).headers['x-auth-token'] as string;
    const headers = { 'X-Auth-Token': token };
    if (round === 1) {
      expect((await request(port, '/v1/AUTH_test/docs', { method: 'PUT', headers })).status).toBe(201);
      const put = { method: 'PUT', headers: { ...headers, 'Content-Length': '5' }, body: 'hello' };
      expect((await request(port, '/v1/AUTH_test/docs/a', put)).status).toBe(201);
    } else {
      expect((await request(port, '/v1/AUTH_test/docs/a', { headers })).body).toBe('hello');
      // Less than a second on an idle machine; other tests run beside this one.
      expect(tookMs).toBeLessThan(process.env['CI'] === undefined ? 6000 : 10_000);
    }
    // A terminal tells npm and the server, and npm tells the server once more.
    command.signal('SIGINT', { group: true });
    expect((await command.exited).code).toBe(0);
    expect(command.pids()).toEqual([]);
  }
});

test('a cluster of one process takes less than 120 MiB while it idles, once its code was compiled', async () => {
  const { dir } = configFolder();
  const port = await freePort();
  for (const round of [1, 2]) {
    const command = new Command(join(root, 'bin/start'), ['--config', dir, '--port', String(port)], { cwd: root });
    await command.printed(`Apus serves http://127.0.0.1:${port}`);
    expect((await request(port, '/healthcheck')).body).toBe('OK');
    if (round === 2) {
      const pids = command.pids();
      expect(pids).toHaveLength(1);
      const status = readFileSync(`/proc/${pids[0]}/status`, 'latin1');
      expect(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024).toBeLessThan(120);
    }
    command.signal('SIGTERM');
    expect((await command.exited).code).toBe(0);
  }
});

test('a port in use, a broken config and a folder that cannot be made are told in one line, exit code 1', async () => {
  const blocker = createServer();
  blocker.listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  onTestFinished(() => void blocker.close());
  const { port } = blocker.address() as { port: number };
  expect(await refusal(npmStart(configFolder().dir, port))).toContain(`127.0.0.1:${port}`);

  const broken = configFolder((text) => text.replace('account_autocreate = true', 'object_chunk_size = much'));
  const line = await refusal(npmStart(broken.dir, port));
  expect(line).toMatch(/^apus: .*proxy-server\.conf:\d+: \[app:proxy-server\] object_chunk_size: expected/);

  const blocked = configFolder();
  writeFileSync(blocked.data, 'a file where the folder should be');
  expect(await refusal(npmStart(blocked.dir, port))).toMatch(/^apus: cannot make the folder .*\/var\/devices/);
});

test('a file system without user extended attributes is told in one line, exit code 1', async () => {
  const { dir, data } = configFolder();
  mkdirSync(data);
  const script =
    'mount -t ramfs none "$1" && exec node --disable-warning=ExperimentalWarning src/cli/start.ts --config "$2"';
  const args = ['--mount', '--map-root-user', 'sh', '-c', script, 'sh', data, dir];
  const command = new Command('/usr/bin/unshare', args, { cwd: root });
  expect(await refusal(command)).toMatch(
    /^apus: .*\/var\/devices is on a file system without user extended attributes/,
  );
});

test('a Node that is too old, or none, is told in one line, exit code 1', async () => {
  const folder = temporaryFolder();
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const server = join(folder, 'bin/swift-proxy-server');
  for (const tool of ['readlink', 'dirname', 'basename', 'sh'])
    cpSync(existsSync(`/usr/bin/${tool}`) ? `/usr/bin/${tool}` : `/bin/${tool}`, join(tools, tool));
  const none = new Command(server, ['x.conf'], { env: { PATH: tools } });
  expect((await none.exited).code).toBe(1);
  expect(none.stderr).toMatch(/^swift-proxy-server: no Node\.js found; Apus needs Node 24 .*\n$/);
  writeFileSync(join(tools, 'node'), '#!/bin/sh\necho 20.19.0\n', { mode: 0o755 });
  const old = new Command(server, ['x.conf'], { env: { PATH: tools } });
  expect((await old.exited).code).toBe(1);
  expect(old.stderr).toMatch(/^swift-proxy-server: Node 20\.19\.0 is too old; Apus needs Node 24 .*\n$/);
});

test('what a start compiles is kept for later ones even when the process is killed', async () => {
  const { dir } = configFolder();
  const compiled = join(temporaryFolder(), 'compiled');
  const env = { NODE_COMPILE_CACHE: compiled };
  const command = new Command('start', ['--config', dir, '--port', String(await freePort())], { env });
  await command.printed('Apus serves');
  const kept = (): number => (existsSync(compiled) ? readdirSync(compiled, { recursive: true }).length : 0);
  await eventually('compiled code is kept', () => kept() > 300);
  command.signal('SIGKILL', { group: true });
  await command.exited;
});
