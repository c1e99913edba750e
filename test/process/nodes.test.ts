import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Cluster, type ObjectNode } from './cluster.ts';
import { patternBytes, patternStream } from './pattern.ts';
import { eventually } from './server-process.ts';

// Many processes on few cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SUPPRESSION_SEC = 2;
const NAMES = Array.from({ length: 60 }, (_, index) => `name-${String(index).padStart(2, '0')}`);

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({
    proxy: { error_suppression_interval: SUPPRESSION_SEC, error_suppression_limit: 2 },
  });
});

afterEach(() => cluster.recover());

afterAll(() => cluster.stop());

async function container(name: string): Promise<string> {
  expect((await cluster.client.put(`/${name}`)).status).toBe(201);
  return name;
}

async function putAll(path: string, names: readonly string[], body: (name: string) => string): Promise<number[]> {
  return await Promise.all(names.map(async (name) => (await cluster.client.put(`${path}/${name}`, body(name))).status));
}

async function getAll(path: string, names: readonly string[]): Promise<string[]> {
  return await Promise.all(
    names.map(async (name) => {
      const { status, body } = await cluster.client.get(`${path}/${name}`);
      return status === 200 ? body.toString() : String(status);
    }),
  );
}

/** Whether any object server has a file open on its device. */
function isWriting(): boolean {
  return cluster.objects.some(({ server, folder }) => server.openFiles().some((path) => path.startsWith(`${folder}/`)));
}

/** Files of objects on all devices of the object servers: data, tombstones and what is half written. */
function objectFiles(): string[] {
  return cluster.objects.flatMap(({ folder }) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(data|ts|meta)$|\/tmp/.test(join(entry.parentPath, entry.name)))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

test('with one object server stopped every name is stored, read and listed, and with all four again still is', async () => {
  const name = await container('one-stopped');
  const before = NAMES.slice(0, 30);
  const after = NAMES.slice(30);
  expect(await putAll(`/${name}`, before, (object) => `before ${object}`)).toEqual(before.map(() => 201));
  const [stopped] = cluster.objects;
  await stopped?.server.stop('SIGKILL');
  expect(await putAll(`/${name}`, after, (object) => `after ${object}`)).toEqual(after.map(() => 201));
  const wanted = [...before.map((object) => `before ${object}`), ...after.map((object) => `after ${object}`)];
  expect(await getAll(`/${name}`, NAMES)).toEqual(wanted);
  expect(await cluster.client.list(`/${name}`)).toEqual(NAMES);
  await stopped?.server.start();
  expect(await getAll(`/${name}`, NAMES)).toEqual(wanted);
  const deleted = await Promise.all(NAMES.map((object) => cluster.client.request('DELETE', `/${name}/${object}`)));
  expect(deleted.map(({ status }) => status)).toEqual(NAMES.map(() => 204));
  expect(await cluster.client.list(`/${name}`)).toEqual([]);
});

test('with three object servers stopped a PUT gets 503, and what the last one holds is read', async () => {
  const name = await container('three-stopped');
  await putAll(`/${name}`, NAMES, (object) => object);
  const [last, ...others] = cluster.objects as [ObjectNode, ...ObjectNode[]];
  await Promise.all(others.map(({ server }) => server.stop('SIGKILL')));
  const [held, missing] = [true, false].map((holds) =>
    NAMES.filter((object) => cluster.nodesOf(name, object).primaries.includes(last) === holds),
  ) as [string[], string[]];
  expect(held.length).toBeGreaterThan(missing.length);
  expect(await getAll(`/${name}`, held)).toEqual(held);
  expect(await getAll(`/${name}`, missing)).toEqual(missing.map(() => '503'));
  const tried = NAMES.slice(0, 6);
  expect(await putAll(`/${name}`, tried, () => 'new')).toEqual(tried.map(() => 503));
  expect(await getAll(`/${name}`, held)).toEqual(held);
});

test('a client gets every byte of a large object whose object servers are killed while it reads', async () => {
  const name = await container('killed');
  const sizeBytes = 64 << 20;
  const put = await cluster.client.put(`/${name}/large`, patternStream(7, sizeBytes));
  expect(put.status).toBe(201);
  const holders = cluster.nodesOf(name, 'large').primaries.map(({ server }) => server);
  const md5 = createHash('md5');
  let received = 0;
  let killed = 0;
  for await (const chunk of await cluster.client.stream(`/${name}/large`)) {
    md5.update(chunk as Buffer);
    received += (chunk as Buffer).length;
    if (received < (1 << 20) + killed * (24 << 20) || killed === 2) continue;
    const serving = holders.find(
      (server) => server.isRunning && server.openFiles().some((path) => path.endsWith('.data')),
    );
    expect(serving, `a server that sends after ${received} bytes`).toBeDefined();
    await serving?.stop('SIGKILL');
    killed += 1;
  }
  expect(killed).toBe(2);
  expect(received).toBe(sizeBytes);
  expect(md5.digest('hex')).toBe(put.headers['etag']?.replaceAll('"', ''));
});

test('a device that is not mounted answers 507: its share goes to the handoff, and it is rested for a while', async () => {
  const name = await container('unmounted');
  const object = NAMES[0] as string;
  const { primaries, handoff } = cluster.nodesOf(name, object);
  const broken = primaries[0] as ObjectNode;
  unlinkSync(join(broken.folder, '.ismount'));
  expect((await cluster.client.put(`/${name}/${object}`, 'kept')).status).toBe(201);
  expect(cluster.filesOf(handoff, name, object)).toHaveLength(1);
  expect(cluster.filesOf(broken, name, object)).toEqual([]);
  expect(await getAll(`/${name}`, [object])).toEqual(['kept']);
  expect(cluster.proxy.log().includes('ERROR Insufficient Storage')).toBe(true);

  // Mounted again, but the node still rests, until it has had its time.
  writeFileSync(join(broken.folder, '.ismount'), '');
  expect((await cluster.client.put(`/${name}/${object}`, 'again')).status).toBe(201);
  expect(cluster.filesOf(broken, name, object)).toEqual([]);
  await eventually('the node is asked again', async () => {
    expect((await cluster.client.put(`/${name}/${object}`, 'at last')).status).toBe(201);
    return cluster.filesOf(broken, name, object).length > 0;
  });
});

test('a device without the free space to be kept answers 507, and the handoff takes its share', async () => {
  const name = await container('full');
  const object = NAMES[1] as string;
  const { primaries, handoff } = cluster.nodesOf(name, object);
  const full = primaries[1] as ObjectNode;
  await full.server.stop();
  const replacement = cluster.objectServer(full.server.port, Number(full.device.slice(1)), {
    fallocate_reserve: '100%',
  });
  try {
    await replacement.start();
    expect((await cluster.client.put(`/${name}/${object}`, 'kept')).status).toBe(201);
    expect(cluster.filesOf(full, name, object)).toEqual([]);
    expect(cluster.filesOf(handoff, name, object)).toHaveLength(1);
  } finally {
    await replacement.stop();
    cluster.objectServer(full.server.port, Number(full.device.slice(1)));
  }
});

test('a node that fails too often is left alone', async () => {
  const name = await container('resting');
  const object = NAMES[2] as string;
  const { primaries } = cluster.nodesOf(name, object);
  const failing = primaries[2] as ObjectNode;
  await failing.server.stop('SIGKILL');
  for (let count = 0; count < 4; count++) await cluster.client.put(`/${name}/${object}`, `try ${count}`);
  const errors = (): number => cluster.proxy.log().split(`127.0.0.1:${failing.server.port}`).length;
  const before = errors();
  for (let count = 0; count < 4; count++) await cluster.client.put(`/${name}/${object}`, `more ${count}`);
  expect(errors()).toBe(before);
  expect(await getAll(`/${name}`, [object])).toEqual(['more 3']);
});

test.each(['content-length: 10485760', 'transfer-encoding: chunked'])(
  'a client that goes away in the middle of a PUT (%s) leaves nothing on any disk, and 499 in the log',
  async (framing) => {
    const name = await container(`cut-${framing.length}`);
    const kept = objectFiles();
    const logged = cluster.proxy.log().length;
    const socket = await cluster.client.connect();
    socket.on('error', () => undefined);
    socket.write(
      `PUT /v1/AUTH_test/${name}/cut HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${cluster.client.token}\r\n${framing}\r\n\r\n`,
    );
    const part = patternBytes(3, 1 << 20);
    const prefix = framing.startsWith('transfer') ? `${part.length.toString(16)}\r\n` : '';
    for (let count = 0; count < 5; count++) {
      socket.write(prefix);
      if (!socket.write(part)) await once(socket, 'drain');
      if (prefix !== '') socket.write('\r\n');
    }
    await eventually('the object servers write', isWriting);
    socket.destroy();
    await eventually('the proxy logs 499', () => cluster.proxy.log().slice(logged).includes(' 499 '));
    await eventually('the object servers let go of the file', () => !isWriting());
    expect(objectFiles()).toEqual(kept);
    expect((await cluster.client.get(`/${name}/cut`)).status).toBe(404);
    expect(await cluster.client.list(`/${name}`)).toEqual([]);
  },
);
