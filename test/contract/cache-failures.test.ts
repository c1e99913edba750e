import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../src/middleware/memcache.ts';
import { CacheConnectionError, type Conf, ConfigError, type Host } from '../../src/middleware-api.ts';
import { freePort, haveServer, type RealServer, startMemcached, startRedis } from '../real-servers.ts';
import { LineLog } from '../unit/http/silent-log.ts';
import { openCache, type OpenCache } from './caches.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(conf: Conf, clock?: { now: number }): Promise<OpenCache> {
  const opened = await openCache(conf, clock);
  cleanUps.push(() => opened.close());
  return opened;
}

const kinds = [
  { name: 'memcached', possible: haveServer('memcached', 'a memcached that dies'), run: startMemcached, url: '' },
  {
    name: 'redis',
    possible: haveServer('redis-server', 'a Redis that dies'),
    run: (port?: number) => startRedis([], port),
    url: 'redis://',
  },
].filter(({ possible }) => possible);

describe.each(kinds)('$name', ({ run, url }) => {
  async function started(port?: number): Promise<RealServer> {
    const server = await run(port);
    cleanUps.push(() => server.stop());
    return server;
  }

  test('a server that dies in use costs its values and nothing else, and is found again', async () => {
    const server = await started();
    const { cache, log } = await open({ memcache_servers: url + server.address });
    await cache.set('k', 1, 60);
    await server.stop();
    expect(await cache.get('k')).toBeUndefined();
    await cache.set('k', 2, 60);
    await cache.delete('k');
    await expect(cache.increment('n', 1, 60)).rejects.toThrow(CacheConnectionError);
    expect(log.lines.every((line) => line.startsWith(`warn cache server ${server.address}: `))).toBe(true);
    await started(server.port);
    await cache.set('k', 3, 60);
    expect(await cache.get('k')).toBe(3);
  });

  test('requests on the way when the server dies end at once', async () => {
    const server = await started();
    const { cache } = await open({ memcache_servers: url + server.address, io_timeout: '20' });
    await cache.set('k', 1, 60);
    await server.freeze();
    const waiting = Promise.all(Array.from({ length: 50 }, (_, at) => cache.get(`k${at}`)));
    await server.stop();
    expect(new Set(await waiting)).toEqual(new Set([undefined]));
  });

  test('another server takes over the keys of a dead one', async () => {
    const servers = [await started(), await started(), await started()];
    const { cache } = await open({ memcache_servers: servers.map(({ address }) => url + address).join(',') });
    await servers[1]?.stop();
    const keys = Array.from({ length: 60 }, (_, at) => `k${at}`);
    for (const key of keys) await cache.set(key, key, 60);
    expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys);
  });

  test('a server that is silent costs io_timeout, and after too many failures nothing until it has rested', async () => {
    const clock = { now: 1_800_000_000 };
    const server = await started();
    const limits = { error_suppression_limit: '2', error_suppression_interval: '30' };
    const { cache, log } = await open({ memcache_servers: url + server.address, io_timeout: '0.1', ...limits }, clock);
    await cache.set('k', 1, 0);
    await server.freeze();
    for (let i = 0; i < 3; i++) expect(await cache.get('k')).toBeUndefined();
    expect(log.lines.at(-1)).toBe(`error cache server ${server.address} is left alone for 30 s`);
    const before = performance.now();
    for (let i = 0; i < 100; i++) expect(await cache.get('k')).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(1000); // asking each time would cost ten seconds
    await server.stop();
    await started(server.port);
    await cache.set('k', 2, 0);
    clock.now += 29.9;
    expect(await cache.get('k')).toBeUndefined();
    clock.now += 0.2;
    await cache.set('k', 3, 0);
    expect(await cache.get('k')).toBe(3);
  });

  test('a server that never was there fails nobody', async () => {
    const { cache } = await open({ memcache_servers: `${url}127.0.0.1:${await freePort()}` });
    await cache.set('k', 1, 60);
    expect(await cache.get('k')).toBeUndefined();
  });
});

/** A memcached that says what it is told to. */
async function liar(
  answer: (line: string, socket: Socket) => string,
): Promise<{ address: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.on('data', (data) => socket.write(answer(data.toString('latin1'), socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, sockets };
}

test.each([
  ['a Python pickle', 'VALUE k 1 3\r\nabc\r\nEND\r\n'],
  ['text that is not JSON', 'VALUE k 2 3\r\nabc\r\nEND\r\n'],
  ['text without a flag', 'VALUE k 0 3\r\nabc\r\nEND\r\n'],
  ['an error', 'SERVER_ERROR out of memory\r\n'],
  ['no protocol', '\0\0garbage\r\n'],
  ['a value longer than it says', 'VALUE k 2 1\r\n12\r\nEND\r\n'],
  ['a size that is none', 'VALUE k 2 -5\r\n'],
  ['more than was asked for', 'END\r\nEND\r\nEND\r\n'],
])('a server that answers %s is a miss', async (_, text) => {
  const { address } = await liar(() => text);
  const { cache } = await open({ memcache_servers: address, io_timeout: '0.2' });
  expect(await cache.get('k')).toBeUndefined();
  await cache.delete('k');
  await cache.set('k', 1, 60);
  await expect(cache.increment('k', 1, 0)).rejects.toThrow(CacheConnectionError);
});

test('taking the pipeline down closes the connections', async () => {
  const { address, sockets } = await liar(() => 'END\r\n');
  const { cache, close } = await open({ memcache_servers: address });
  await cache.get('k');
  expect(sockets.size).toBe(1);
  await close();
  await expect.poll(() => sockets.size).toBe(0);
  expect(await cache.get('k')).toBeUndefined();
  expect(sockets.size).toBe(0);
});

test('no more connections are opened than memcache_max_connections, whatever the load', async () => {
  let most = 0;
  const server = await liar((data, socket) => {
    most = Math.max(most, server.sockets.size);
    const requests = data.split('get ').length - 1;
    setTimeout(() => socket.write('END\r\n'.repeat(requests)), 5);
    return '';
  });
  const { cache } = await open({ memcache_servers: server.address, memcache_max_connections: '3' });
  const keys = Array.from({ length: 300 }, (_, at) => `k${at}`);
  for (let round = 0; round < 5; round++) await Promise.all(keys.map((key) => cache.get(key)));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(3);
});

test('large items are warned about from item_size_warning_threshold on', async () => {
  const { address } = await liar(() => 'STORED\r\n');
  const { cache, log } = await open({ memcache_servers: address, item_size_warning_threshold: '6' });
  await cache.set('k', 'abc', 0);
  await cache.set('k', 'abcd', 0);
  expect(log.lines).toEqual(['warn cache: an item of 6 bytes reaches item_size_warning_threshold (6)']);
});

describe('memcache.conf', () => {
  async function openWith(text: string, conf: Conf): Promise<{ log: LineLog; asked: () => Promise<unknown> }> {
    const swiftDir = mkdtempSync(join(tmpdir(), 'apus-memcache-conf-'));
    cleanUps.push(() => rmSync(swiftDir, { recursive: true, force: true }));
    writeFileSync(join(swiftDir, 'memcache.conf'), text);
    const log = new LineLog();
    const onClose = (close: () => unknown): unknown => cleanUps.push(close);
    const host = { now: () => 1, log, swiftDir, service: () => undefined, onClose } as unknown as Host;
    const make = async (): Promise<unknown> => filterFactory({}, conf, host);
    return { log, asked: make };
  }

  test('gives the options that the filter does not, those of the filter win', async () => {
    const text = '[memcache]\nmemcache_servers = nonsense://\nconnect_timeout = x\n';
    const { asked } = await openWith(text, {});
    await expect(asked()).rejects.toThrow(/memcache\.conf.*\[memcache\] connect_timeout/);
    const { asked: own } = await openWith('[memcache]\nmemcache_servers = nonsense://\n', {
      memcache_servers: '127.0.0.1:1',
    });
    await own();
    const { asked: shared } = await openWith('[memcache]\nmemcache_servers = nonsense://\n', {});
    await expect(shared()).rejects.toThrow(/memcache_servers: expected host:port/);
  });

  test('a file that is no config is passed over with a warning', async () => {
    const { asked, log } = await openWith('garbage\n', {});
    await asked();
    expect(log.lines[0]).toMatch(/^warn cache: memcache.conf is passed over: .*memcache\.conf:1/);
  });
});

test.each([
  'a:b:c',
  'a:0',
  'a:70000',
  'http://x',
  'redis://a,b:1',
  'redis://a:1,memcached:11211',
  'a:1,redis://b:1',
  'redis-cluster://a:1/0',
  'redis-sentinel://a:1',
  'redis://a:1/x',
  'redis://secret@a:1/2/3',
  '::1',
  ', ,',
])('memcache_servers = %s stops the start, and is named', async (memcache_servers) => {
  const fault = await openCache({ memcache_servers, __name__: 'cache' }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(ConfigError);
  expect((fault as Error).message).toMatch(/^\[cache\] memcache_servers: expected /);
  expect((fault as Error).message).not.toContain('secret');
});

test('a file for TLS that cannot be read stops the start', async () => {
  const conf = { memcache_servers: '127.0.0.1:1', tls_enabled: 'yes', tls_cafile: '/nonexistent/ca.pem' };
  await expect(openCache(conf)).rejects.toThrow(/tls_cafile: expected a file that can be read/);
});
