import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/cname-lookup.ts';
import { MemoryCache, SwiftResponse } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, fakeSwift, load, request, text } from '../../../src/testing.ts';

let server: ChildProcess;
let nameserver = '';

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

beforeAll(async () => {
  const port = await freePort();
  const names = [
    ['mine.test', 'c.auth-test.example.com'],
    ['first.test', 'second.test'],
    ['second.test', 'third.test'],
    ['third.test', 'auth-test.example.com'],
  ].map(([name, target]) => `--cname=${name},${target}`);
  const fixed = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--no-daemon',
    '--user=',
  ];
  const where = [
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    `--port=${port}`,
    '--pid-file=',
    '--log-facility=-',
  ];
  const hosts = ['--host-record=c.auth-test.example.com,127.0.0.1', '--host-record=auth-test.example.com,127.0.0.1'];
  const local = ['--local=/test/', '--local=/example.com/', '--host-record=plain.test,127.0.0.1', '--auth-ttl=60'];
  server = spawn('/usr/sbin/dnsmasq', [...fixed, ...where, ...hosts, ...local, ...names], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  for await (const chunk of server.stderr as AsyncIterable<Buffer>) {
    told += chunk.toString();
    if (told.includes('started, version')) break;
  }
  if (!told.includes('started, version')) throw new Error(`dnsmasq: ${told}`);
  nameserver = `127.0.0.1:${port}`;
});

afterAll(async () => {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill();
  await once(server, 'exit');
});

afterEach(() => assertNoLeaks());

/** Host that the rest of the pipeline sees, or the text of the refusal. */
async function looked(host: string, options: Record<string, string> = {}, cache = new MemoryCache()): Promise<string> {
  let seen = '';
  const own = fakeHost();
  const filter = await load(
    filterFactory,
    { nameservers: nameserver, ...options },
    (req) => {
      seen = req.headers.get('host') ?? '';
      return Promise.resolve(new SwiftResponse(204));
    },
    own,
  );
  const req = request('GET', '/o', { host });
  req.env.cache = cache;
  const res = await filter(req);
  await own.close();
  return res.status === 204 ? seen : `${res.status} ${await text(res)}`;
}

test('a name for a domain of the cluster becomes that domain, with the port that was asked', async () => {
  expect(await looked('mine.test')).toBe('c.auth-test.example.com');
  expect(await looked('mine.test:8080')).toBe('c.auth-test.example.com:8080');
});

test('as many records are followed as lookup_depth says', async () => {
  expect(await looked('first.test', { lookup_depth: '3' })).toBe('auth-test.example.com');
  expect(await looked('first.test', { lookup_depth: '2' })).toBe('400 CNAME lookup failed after 2 tries');
  expect(await looked('first.test')).toBe('400 CNAME lookup failed after 1 tries');
});

test('a domain without a record, and one that does not exist, are refused', async () => {
  const refusal = '400 CNAME lookup failed to resolve to a valid domain';
  expect(await looked('plain.test')).toBe(refusal);
  expect(await looked('none.test')).toBe(refusal);
  expect(await looked('a..b')).toBe(refusal);
});

test('domains of the cluster and addresses are not looked up', async () => {
  const nobody = { nameservers: '127.0.0.1:1' };
  for (const host of ['c.auth-test.example.com:80', 'example.com', '127.0.0.1', '10.0.0.1:80', '[::1]', '[::1]:80']) {
    expect(await looked(host, nobody)).toBe(host);
  }
  expect(await looked('mine.test', { storage_domain: '', ...nobody })).toBe('mine.test');
});

test('what DNS says is kept in the cache, also that there is nothing; that nobody answers is not', async () => {
  const cache = new MemoryCache();
  await looked('mine.test', {}, cache);
  await looked('none.test', {}, cache);
  expect([await cache.get('cname-mine.test'), await cache.get('cname-none.test')]).toEqual([
    'c.auth-test.example.com',
    false,
  ]);
  const nobody = { nameservers: '127.0.0.1:1' };
  expect(await looked('mine.test', nobody, cache)).toBe('c.auth-test.example.com');
  expect(await looked('first.test', nobody, cache)).toBe('400 CNAME lookup failed to resolve to a valid domain');
  expect(await cache.get('cname-first.test')).toBeUndefined();
});

test('places in answers are told under the domain that was asked', async () => {
  const host = fakeHost();
  const swift = fakeSwift({ 'GET /o': [301, { location: 'http://c.auth-test.example.com/o/' }] });
  const filter = await load(filterFactory, { nameservers: nameserver }, swift, host);
  const res = await filter(request('GET', '/o', { host: 'mine.test' }));
  expect(res.headers.get('location')).toBe('http://mine.test/o/');
  expect(host.info.get()['cname_lookup']).toEqual({ lookup_depth: 1 });
  await host.close();
});

test('nameservers that are no addresses are refused', async () => {
  for (const nameservers of ['dns.example.com', '127.0.0.1:x', '::1']) {
    await expect(load(filterFactory, { nameservers }, fakeSwift())).rejects.toThrow('expected addresses');
  }
});
