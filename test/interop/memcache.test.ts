import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest';
import { filterFactory as memcache } from '../../src/middleware/memcache.ts';
import { filterFactory as tempauth } from '../../src/middleware/tempauth.ts';
import { filterFactory as ratelimit } from '../../src/middleware/ratelimit.ts';
import {
  type Cache,
  type FilterFactory,
  type Handler,
  type Host,
  SwiftRequest,
  SwiftResponse,
} from '../../src/middleware-api.ts';
import { openCache, type OpenCache } from '../contract/caches.ts';
import { haveServer, type RealServer, startMemcached } from '../real-servers.ts';
import { silentLog } from '../unit/http/silent-log.ts';
import { interopTest, runPython } from './debian-swift.ts';

const hasMemcached = haveServer('memcached', "the cache shared with Python's proxies");
const test = hasMemcached ? interopTest() : plainTest.skip;

let servers: RealServer[] = [];
let names: string[] = [];
let opened: OpenCache;
let cache: Cache;

beforeAll(async () => {
  if (!hasMemcached) return;
  servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  names = servers.map(({ address }) => address);
  opened = await openCache({ memcache_servers: names.join(',') });
  cache = opened.cache;
});

afterAll(async () => {
  if (!hasMemcached) return;
  await opened.close();
  await Promise.all(servers.map((server) => server.stop()));
});

const RING = `
from swift.common.memcached import MemcacheRing
ring = MemcacheRing(data['servers'])
`;

const VALUES: Record<string, unknown> = {
  'account/AUTH_test': { status: 204, container_count: '9', meta: { utf: 'é漢' }, account_really_exists: true },
  'container/AUTH_é/ç': { status: 404, object_count: null },
  'shard-updating-v2/a/c': [
    ['', '.shards_a/c-0'],
    ['obj-04', '.shards_a/c-1'],
  ],
  'AUTH_/user/test:tester': 'AUTH_tk0',
  'AUTH_/token/AUTH_tk0': [1_800_000_000.25, 'test,test:tester,AUTH_test'],
};
for (let at = 0; at < 200; at++) VALUES[`container/AUTH_${at}/c`] = at;

test('Python reads what was written here, from the server that it would ask', async () => {
  for (const [key, value] of Object.entries(VALUES)) await cache.set(key, value, 60);
  const program = `${RING}print(json.dumps({key: ring.get(key) for key in data['keys']}))`;
  expect(JSON.parse(runPython(program, { servers: names, keys: Object.keys(VALUES) }))).toEqual(VALUES);
});

test('what Python wrote is read here', async () => {
  const program = `${RING}
for key, value in data['values'].items():
    ring.set('py/' + key, value, time=60)`;
  runPython(program, { servers: names, values: VALUES });
  for (const [key, value] of Object.entries(VALUES)) expect(await cache.get(`py/${key}`)).toEqual(value);
});

test('the bytes on the wire are the same: name, flag and value', async () => {
  const value = { b: [1, 2.5, null, true], a: 'é"' };
  await cache.set('mine', value, 60);
  runPython(`${RING}ring.set('theirs', data['value'], time=60)`, { servers: names, value });
  const [mine, theirs] = [await rawValue('mine'), await rawValue('theirs')];
  expect(mine).toMatch(/^VALUE [0-9a-f]{32} 2 \d+\r\n\{"b": \[1, 2\.5, null, true\], "a": "\\u00e9\\""\}/);
  expect(mine.replace(/^VALUE \S+/, '')).toBe(theirs.replace(/^VALUE \S+/, ''));
});

test('both count on the same counter', async () => {
  const count = (program: string): number =>
    Number(runPython(`${RING}print(${program})`, { servers: names, keys: [] }).trim());
  expect(await cache.increment('ratelimit/a', 5, 60)).toBe(5);
  expect(count("ring.incr('ratelimit/a', 7)")).toBe(12);
  expect(await cache.increment('ratelimit/a', 1, 60)).toBe(13);
  expect(count("ring.decr('ratelimit/a', 20)")).toBe(0);
  expect(count("ring.incr('other', 3)")).toBe(3);
  expect(await cache.increment('other', 1, 0)).toBe(4);
  expect(await cache.get('other')).toBe(4);
});

test('with a server gone both go on to the same next one', async () => {
  const [, , third] = servers as [RealServer, RealServer, RealServer];
  await third.stop();
  for (const [key, value] of Object.entries(VALUES)) await cache.set(`after/${key}`, value, 60);
  const program = `${RING}print(json.dumps({key: ring.get('after/' + key) for key in data['keys']}))`;
  expect(JSON.parse(runPython(program, { servers: names, keys: Object.keys(VALUES) }))).toEqual(VALUES);
  servers[2] = await startMemcached(third.port);
  // Rested or not, nothing that follows needs the third.
  names = names.slice(0, 2);
  await opened.close();
  opened = await openCache({ memcache_servers: names.join(',') });
  cache = opened.cache;
});

const PYTHON_PIPELINE = `
from swift.common.swob import Request, Response
from swift.common.middleware import memcache, ratelimit, tempauth
def app(env, start_response):
    denied = env['swift.authorize'](Request(env)) if 'swift.authorize' in env else None
    return (denied or Response(body=env.get('REMOTE_USER', '').encode()))(env, start_response)
conf = {'memcache_servers': ','.join(data['servers'])}
def send(app, method, path, headers={}):
    return Request.blank(path, environ={'REQUEST_METHOD': method}, headers=headers).get_response(memcache.filter_factory(conf)(app))
`;

async function pipeline(factory: FilterFactory, conf: Record<string, string>, app: Handler): Promise<Handler> {
  const host = {
    now: () => Date.now() / 1000,
    log: silentLog,
    swiftDir: '/nowhere',
    info: { register: () => undefined },
    service: () => undefined,
    onClose: (close: () => void) => closers.push(close),
  } as unknown as Host;
  const cacheFilter = await memcache({}, { memcache_servers: names.join(',') }, host);
  const inner = await (await factory({}, conf, host))(app);
  return cacheFilter(inner);
}

const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

const USERS = { user_test_tester: 'testing .admin' };
const LOGIN = { 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'testing' };

test('a token of tempauth here is good at a Python proxy, and the other way round', async () => {
  const app: Handler = async (req) => (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  const handler = await pipeline(tempauth, USERS, app);
  const send = (path: string, headers: Record<string, string>): Promise<SwiftResponse> =>
    handler(new SwiftRequest({ method: 'GET', target: path, headers: { host: 'h', ...headers }, log: silentLog }));
  const ours = (await send('/auth/v1.0', LOGIN)).headers.get('x-auth-token') ?? '';
  const program = `${PYTHON_PIPELINE}
auth = tempauth.filter_factory(data['users'])(app)
answer = send(auth, 'GET', '/v1/AUTH_test', {'X-Auth-Token': data['token']})
login = send(auth, 'GET', '/auth/v1.0', data['login'])
print(json.dumps([answer.status_int, answer.body.decode(), login.headers['X-Auth-Token']]))`;
  const python = (token: string): [number, string, string] =>
    JSON.parse(runPython(program, { servers: names, users: USERS, login: LOGIN, token })) as [number, string, string];
  const [status, groups, theirs] = python(ours);
  expect([status, groups.split(',').sort()]).toEqual([200, ['AUTH_test', 'test', 'test:tester']]);
  // The user has a token already, so the Python proxy gives out the same one.
  expect(theirs).toBe(ours);
  await cache.delete('AUTH_/user/test:tester');
  const [, , fresh] = python(ours);
  expect(fresh).not.toBe(ours);
  expect((await send('/v1/AUTH_test', { 'X-Auth-Token': fresh })).status).toBe(200);
  expect((await send('/v1/AUTH_test', { 'X-Auth-Token': `${fresh}x` })).status).toBe(401);
});

test('a client that was too fast at a Python proxy is slowed down here', async () => {
  const conf = { account_ratelimit: '0.5', max_sleep_time_seconds: '1' };
  const program = `${PYTHON_PIPELINE}
limited = ratelimit.filter_factory(data['conf'])(app)
print(send(limited, 'PUT', '/v1/AUTH_%C3%A9/c').status_int)`;
  expect(runPython(program, { servers: names, conf }).trim()).toBe('200');
  const handler = await pipeline(ratelimit, conf, () => Promise.resolve(new SwiftResponse(201)));
  const put = new SwiftRequest({ method: 'PUT', target: '/v1/AUTH_%C3%A9/c', log: silentLog });
  expect((await handler(put)).status).toBe(498);
});

/** What the one server that has it answers to `get`. */
async function rawValue(key: string): Promise<string> {
  const name = createHash('md5').update(key).digest('hex');
  const answers = await Promise.all(servers.map(({ port }) => ask(port, `get ${name}\r\n`)));
  return answers.find((answer) => answer.startsWith('VALUE')) ?? '';
}

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(command));
    let text = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
      if (!text.endsWith('END\r\n')) return;
      socket.destroy();
      resolve(text);
    });
    socket.once('error', reject);
  });
}
