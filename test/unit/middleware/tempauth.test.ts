import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/tempauth.ts';
import {
  type Handler,
  Headers,
  type Host,
  type Logger,
  MemoryCache,
  type RequestEnv,
  SwiftRequest,
  SwiftResponse,
} from '../../../src/middleware-api.ts';

const USERS = {
  user_admin_admin: 'admin .admin .reseller_admin',
  user_admin_auditor: 'admin_ro .reseller_reader',
  user_test_tester: 'testing .admin',
  user_test_tester2: 'testing2 .admin',
  user_test_tester3: 'testing3',
  user_test2_tester2: 'testing2 .admin http://x/y',
  user64_dW5kZXJfc2NvcmU_YV9i: 'testing4',
};

interface Recorded {
  user: string | null;
  method: string;
  path: string;
  headers: Record<string, string>;
  acl: string | null;
  accountAcl: string | null;
  status: number;
  seen: { owner: boolean; reseller: boolean; acl: string | null } | null;
  body: string | null;
  realm: string | null;
}

let now = 1_795_000_000;
let cache = new MemoryCache({ now: () => now });
const host = { now: () => now, info: { register: () => undefined } } as unknown as Host;
const log = { debug: () => undefined } as unknown as Logger;

beforeEach(() => {
  cache = new MemoryCache({ now: () => now });
});

async function send(
  app: Handler,
  target: string,
  options: { method?: string; headers?: Record<string, string>; conf?: Record<string, string>; env?: RequestEnv } = {},
): Promise<SwiftResponse> {
  const handler = await (await filterFactory({}, { ...USERS, ...options.conf }, host))(app);
  const headers = { host: 'localhost', ...options.headers };
  return handler(
    new SwiftRequest({ method: options.method ?? 'GET', target, headers, log, env: { cache, ...options.env } }),
  );
}

const notReached: Handler = () => Promise.reject(new Error('the app was reached'));

function ask(name: string, key: string, conf?: Record<string, string>): Promise<SwiftResponse> {
  const headers = { 'X-Auth-User': name, 'X-Auth-Key': key };
  return send(notReached, '/auth/v1.0', conf === undefined ? { headers } : { headers, conf });
}

async function tokenOf(name: string, key: string): Promise<string> {
  return (await ask(name, key)).headers.get('x-auth-token') as string;
}

const reached: Handler = () => Promise.resolve(new SwiftResponse(200));

describe('authorization as Python Swift decides it', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../../golden/tempauth.json', import.meta.url), 'utf8'),
  ) as Recorded[];

  test(`${recorded.length} recorded requests get the same answer`, async () => {
    const tokens: Record<string, string> = {
      adm: await tokenOf('admin:admin', 'admin'),
      aud: await tokenOf('admin:auditor', 'admin_ro'),
      t: await tokenOf('test:tester', 'testing'),
      t3: await tokenOf('test:tester3', 'testing3'),
      t22: await tokenOf('test2:tester2', 'testing2'),
    };
    for (const wanted of recorded) {
      let seen: Recorded['seen'] = null;
      const app: Handler = async (req) => {
        if (req.env.source === undefined) {
          req.env.acl = wanted.acl;
          const refused = await req.env.authorize?.(req);
          const acl = req.headers.getText('x-account-sysmeta-core-access-control') ?? null;
          seen = { owner: req.env.swiftOwner === true, reseller: req.env.resellerRequest === true, acl };
          if (refused != null) return refused;
        }
        const sysmeta = { 'x-account-sysmeta-core-access-control': wanted.accountAcl ?? undefined };
        return new SwiftResponse(200, wanted.accountAcl === null ? {} : new Headers(sysmeta as Record<string, string>));
      };
      const token = wanted.user === null ? undefined : (tokens[wanted.user] ?? wanted.user);
      const headers = token === undefined ? wanted.headers : { ...wanted.headers, 'X-Auth-Token': token };
      await cache.delete('account/AUTH_test');
      const res = await send(app, wanted.path, { method: wanted.method, headers });
      const answer = {
        ...wanted,
        status: res.status,
        realm: res.headers.get('www-authenticate') ?? null,
        body: res.status === 400 ? await res.text() : null,
        // What the app saw does not matter when the request was refused in front of it.
        seen: res.status === 400 ? wanted.seen : seen,
      };
      expect(answer).toEqual(wanted);
    }
  });
});

describe('tokens', () => {
  test('a user gets a token, its life and the storage URL', async () => {
    const res = await ask('test:tester', 'testing');
    const token = res.headers.get('x-auth-token') as string;
    expect(token).toMatch(/^AUTH_tk[0-9a-f]{32}$/);
    expect(Object.fromEntries(res.headers)).toEqual({
      'content-type': 'text/html; charset=UTF-8',
      'content-length': '0',
      'x-auth-token': token,
      'x-storage-token': token,
      'x-auth-token-expires': '86400',
      'x-storage-url': 'http://localhost/v1/AUTH_test',
    });
    expect(await cache.get(`AUTH_/token/${token}`)).toEqual([now + 86400, 'test,test:tester,AUTH_test']);
    expect(await cache.get('AUTH_/user/test:tester')).toBe(token);
  });

  test('the same token is given while it lives, another once it is over, and an old one lets nobody in', async () => {
    const first = await tokenOf('test:tester', 'testing');
    expect(await tokenOf('test:tester', 'testing')).toBe(first);
    now += 86400;
    expect(await tokenOf('test:tester', 'testing')).not.toBe(first);
    expect((await send(notReached, '/v1/AUTH_test', { headers: { 'X-Auth-Token': first } })).status).toBe(401);
  });

  test('a token that is over lets nobody in, though the cache still has it', async () => {
    const left = async (seconds: number): Promise<number> => {
      await cache.set('AUTH_/token/AUTH_tkold', [now + seconds, 'test,test:tester,AUTH_test'], 0);
      return (await send(reached, '/v1/AUTH_test', { headers: { 'X-Auth-Token': 'AUTH_tkold' } })).status;
    };
    expect([await left(0), await left(-1)]).toEqual([200, 401]);
  });

  test('a change of groups makes a new token', async () => {
    const first = await tokenOf('test:tester', 'testing');
    const changed = await ask('test:tester', 'testing', { user_test_tester: 'testing .admin more' });
    expect(changed.headers.get('x-auth-token')).not.toBe(first);
  });

  test('storage URLs: one of the option, a scheme of the conf, names in base64, no prefix', async () => {
    const url = async (name: string, key: string, conf?: Record<string, string>): Promise<string | undefined> =>
      (await ask(name, key, conf)).headers.get('x-storage-url');
    expect(await url('test2:tester2', 'testing2')).toBe('http://x/y');
    expect(await url('under_score:a_b', 'testing4')).toBe('http://localhost/v1/AUTH_under_score');
    expect(await url('test:tester', 'testing', { storage_url_scheme: 'https' })).toBe('https://localhost/v1/AUTH_test');
    expect(await url('test:tester', 'testing', { reseller_prefix: "''" })).toBe('http://localhost/v1/test');
  });

  test.each([
    ['/auth/v1.0/', 'GET', 200, undefined],
    ['/auth/v1/test/auth', 'GET', 200, undefined],
    ['/auth/v1', 'GET', 400, undefined],
    ['/auth/1.0', 'GET', 400, undefined],
    ['/auth/v2', 'GET', 400, undefined],
    ['/auth/v1/test/xx', 'GET', 400, undefined],
    ['/auth/', 'GET', 404, undefined],
    ['/auth/v1.0', 'PUT', 405, undefined],
    ['/auth/v1.0', 'HEAD', 405, undefined],
    ['/auth/v1/other/auth', 'GET', 401, 'Swift realm="other"'],
  ])('%s with %s is %i', async (target, method, status, realm) => {
    const res = await send(notReached, target, {
      method,
      headers: { 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'testing' },
    });
    expect([res.status, res.headers.get('www-authenticate')]).toEqual([status, realm]);
  });

  test.each([
    [{ 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'wrong' }, 'unknown'],
    [{ 'X-Auth-User': 'nobody', 'X-Auth-Key': 'x' }, 'unknown'],
    [{ 'X-Auth-User': 'test:nobody', 'X-Auth-Key': 'x' }, 'test'],
    [{ 'X-Auth-User': 'test:tester' }, 'test'],
    [{}, 'unknown'],
  ])('%j is refused with the realm %s', async (headers, realm) => {
    const res = await send(notReached, '/auth/v1.0', { headers: headers as Record<string, string> });
    expect([res.status, res.headers.get('www-authenticate')]).toEqual([401, `Swift realm="${realm}"`]);
  });

  test('X-Storage-User and X-Storage-Pass are taken too', async () => {
    const headers = { 'X-Storage-User': 'tester', 'X-Storage-Pass': 'testing' };
    expect((await send(notReached, '/auth/v1/test/auth', { headers })).status).toBe(200);
  });
});

test('an override by a filter further out lets the request pass, unless the conf forbids it', async () => {
  const app: Handler = async (req) => (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  const override = { env: { authorizeOverride: true } };
  expect((await send(app, '/v1/AUTH_test/c/o', override)).status).toBe(200);
  expect((await send(app, '/v1/AUTH_test/c/o', { ...override, conf: { allow_overrides: 'no' } })).status).toBe(401);
});

test('a user of a prefix that asks for a group needs it, from either token', async () => {
  const conf = {
    reseller_prefix: 'AUTH, SERVICE',
    SERVICE_require_group: 'service',
    user_test5_tester5: 'testing5 service',
  };
  const app: Handler = async (req) => (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  const own = (await ask('test:tester', 'testing', conf)).headers.get('x-auth-token') as string;
  const service = (await ask('test5:tester5', 'testing5', conf)).headers.get('x-auth-token') as string;
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await send(app, '/v1/SERVICE_test/c', { conf, headers })).status;
  expect(await status({ 'X-Auth-Token': own })).toBe(403);
  expect(await status({ 'X-Auth-Token': own, 'X-Service-Token': service })).toBe(200);
});

test('a blank container is the account, which its own admin may not make or delete', async () => {
  const app: Handler = async (req) => (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  const headers = { 'X-Auth-Token': await tokenOf('test:tester', 'testing') };
  for (const path of ['/v1/AUTH_test//', '/v1/AUTH_test/%2F', '/v1/AUTH_test/', '/v1/AUTH_test']) {
    for (const method of ['PUT', 'DELETE']) expect((await send(app, path, { method, headers })).status).toBe(403);
    expect((await send(app, path, { headers })).status).toBe(200);
  }
});

test('a method other than GET gets no token, whatever the path', async () => {
  for (const path of ['/auth/', '/auth/v1', '/auth/v1.0']) {
    expect((await send(notReached, path, { method: 'HEAD' })).status).toBe(405);
  }
});

test('a user without a key, or with names that are no base64, stops the start', () => {
  expect(() => filterFactory({}, { user_a_b: '' }, host)).toThrow('user_a_b has no key set');
  expect(() => filterFactory({}, { 'user64_a=_b': 'x' }, host)).toThrow('base64');
});

test('another auth filter further out keeps its say over accounts that are not ours', async () => {
  const app: Handler = async (req) => (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  const env: RequestEnv = { authorize: () => null, remoteUser: 'somebody' };
  expect((await send(app, '/v1/OTHER_x/c', { env })).status).toBe(200);
});
