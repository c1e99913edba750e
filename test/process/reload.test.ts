import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Command, eventually } from './command.ts';
import { BusyClients, putHeaders, request } from './http-client.ts';
import { freePort, NodeFolder } from './node-fixture.ts';

const MARK_SECTIONS = `[pipeline:main]
pipeline = mark object-server

[filter:mark]
paste.filter_factory = ./mark.ts:filterFactory
`;

/** A filter that marks answers with its own version, its section's and its process. */
function writeMarkFilter(node: NodeFolder, version: string): void {
  const source = `import type { FilterFactory } from 'apus/middleware';

export const filterFactory: FilterFactory = (globalConf, localConf) => (app) => async (req) => {
  const response = await app(req);
  response.headers.set('x-code', '${version}');
  response.headers.set('x-conf', localConf['mark'] ?? globalConf['mark'] ?? '');
  response.headers.set('x-pid', String(process.pid));
  return response;
};
`;
  writeFileSync(join(node.dir, 'mark.ts'), source);
}

async function startMarked(node: NodeFolder, options: Record<string, string> = {}): Promise<Command> {
  writeMarkFilter(node, 'one');
  const conf = node.writeConf('object', { mark: 'first', ...options }, MARK_SECTIONS);
  const server = new Command('swift-object-server', [conf, '--verbose']);
  await answers(node.ports.object);
  return server;
}

function answers(port: number): Promise<unknown> {
  return eventually(() => request(port, '/recon/none').then(Boolean, () => false));
}

test('50 reloads under 64 busy clients fail no request and leave no old worker behind', async () => {
  const node = await NodeFolder.make();
  const server = await startMarked(node, { log_level: 'INFO' });
  const clients = new BusyClients(node.ports.object, 64);
  for (let reload = 1; reload <= 50; reload++) {
    server.signal('SIGUSR1');
    await server.said('reloaded', reload);
  }
  await clients.stop();
  expect(clients.faults).toEqual([]);
  expect(clients.answered).toBeGreaterThan(1000);
  await eventually(() => server.workerPids().length === 1);
}, 120_000);

test('a reload brings new config and new code, on as many workers as the config now asks for', async () => {
  const node = await NodeFolder.make();
  const server = await startMarked(node);
  const { headers: before } = await request(node.ports.object, '/sdb1/0/a/c/o');
  expect([before['x-code'], before['x-conf']]).toEqual(['one', 'first']);
  writeMarkFilter(node, 'two');
  node.writeConf('object', { mark: 'second', workers: '3' }, MARK_SECTIONS);
  server.signal('SIGUSR1');
  await server.said('reloaded');
  await eventually(() => server.workerPids().length === 3);
  const { headers: after } = await request(node.ports.object, '/sdb1/0/a/c/o');
  expect([after['x-code'], after['x-conf']]).toEqual(['two', 'second']);
  node.writeConf('object', { mark: 'third', workers: '1' }, MARK_SECTIONS);
  server.signal('SIGUSR1');
  await server.said('reloaded', 2);
  await eventually(() => server.workerPids().length === 1);
});

test('a reload may move the server to another address; the old one is given up', async () => {
  const node = await NodeFolder.make();
  const server = await startMarked(node);
  const port = await freePort();
  node.writeConf('object', { mark: 'moved', bind_port: String(port) }, MARK_SECTIONS);
  server.signal('SIGUSR1');
  await server.said('reloaded');
  expect((await request(port, '/sdb1/0/a/c/o')).headers['x-conf']).toBe('moved');
  await eventually(() =>
    request(node.ports.object, '/').then(
      () => false,
      () => true,
    ),
  );
});

test('a config or a filter that is broken at reload leaves the old workers in place, and the log says why', async () => {
  const node = await NodeFolder.make();
  const server = await startMarked(node);
  const conf = node.writeConf('object', { bind_port: 'many' }, MARK_SECTIONS);
  server.signal('SIGUSR1');
  await server.said('reload refused');
  expect(server.stderr).toContain(`${conf}:3: [DEFAULT] bind_port`);
  node.writeConf('object', { mark: 'first' }, MARK_SECTIONS.replace('mark object', 'mark nothing object'));
  server.signal('SIGUSR1');
  await server.said('reload refused', 2);
  node.writeConf('object', { mark: 'first' }, MARK_SECTIONS);
  writeFileSync(join(node.dir, 'mark.ts'), 'export const filterFactory = 1;\n');
  server.signal('SIGUSR1');
  await server.said('reload refused', 3);
  await eventually(() => server.workerPids().length === 1);
  expect((await request(node.ports.object, '/sdb1/0/a/c/o')).headers['x-code']).toBe('one');
});

test('a request in progress at a reload is finished by the worker that began it', async () => {
  const node = await NodeFolder.make();
  const server = await startMarked(node);
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const { request: send } = await import('node:http');
  const slow = Promise.withResolvers<number>();
  const req = send(
    {
      host: '127.0.0.1',
      port: node.ports.object,
      path: '/sdb1/0/a/c/slow',
      method: 'PUT',
      headers: { ...putHeaders(), 'Content-Length': '8', Expect: '100-continue' },
    },
    (res) => {
      res.resume();
      slow.resolve(res.statusCode ?? 0);
    },
  );
  req.on('error', slow.reject);
  req.on('continue', () => {
    req.write('half');
    void goOn.then(() => req.end('half'));
    started.resolve();
  });
  const started = Promise.withResolvers<void>();
  await started.promise;
  server.signal('SIGUSR1');
  await server.said('reloaded');
  expect(server.workerPids()).toHaveLength(2);
  release();
  expect(await slow.promise).toBe(201);
  await eventually(() => server.workerPids().length === 1);
});

test('a worker that dies during a reload that is refused is replaced all the same', async () => {
  const node = await NodeFolder.make();
  const server = await startMarked(node);
  const [old] = server.workerPids();
  writeFileSync(
    join(node.dir, 'mark.ts'),
    `process.kill(${old}, 'SIGKILL'); if (process.ppid === ${server.pid}) throw new Error('not good');`,
  );
  server.signal('SIGUSR1');
  await server.said('reload refused');
  writeMarkFilter(node, 'mended');
  await eventually(async () => (await request(node.ports.object, '/sdb1/0/a/c/o')).headers['x-code'] === 'mended');
  expect(server.workerPids()).toHaveLength(1);
});
