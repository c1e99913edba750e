import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filterFactory, makeFilterFactory } from '../../../src/middleware/authtoken.ts';
import { type Handler, MemoryCache, type SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';
import { FakeHost, load, request } from '../../../src/testing.ts';
import { FakeKeystone } from './fake-keystone.ts';

const START = 1_795_000_000;

let keystone: FakeKeystone;
let host: FakeHost;
let waits: number[] = [];

beforeEach(async () => {
  keystone = await FakeKeystone.start();
  host = new FakeHost({ clock: START });
  waits = [];
  keystone.tokens.set('good', { expires: START + 1000 });
  keystone.tokens.set('service', { expires: START + 1000, roles: ['service'] });
});

afterEach(async () => {
  await host.close();
  await keystone.stop();
});

const app: Handler = () => Promise.resolve(new SwiftResponse(200));

function options(more: Record<string, string> = {}): Record<string, string> {
  return {
    auth_url: `${keystone.url}/v3`,
    auth_plugin: 'password',
    username: 'swift',
    user_domain_id: 'default',
    password: 'pw',
    project_name: 'service',
    project_domain_id: 'default',
    ...more,
  };
}

async function filter(more: Record<string, string> = {}, inner: Handler = app): Promise<Handler> {
  const noWait = makeFilterFactory((seconds) => {
    waits.push(seconds);
    return Promise.resolve();
  });
  return load(noWait, options(more), inner, host);
}

async function status(
  handler: Handler,
  headers: Record<string, string>,
  req = request('GET', '/v1/AUTH_p1/c', headers),
): Promise<number> {
  const res = await handler(req);
  await res.close();
  return res.status;
}

/** How often Keystone was asked of a token. */
function questions(): number {
  return keystone.calls.filter((call) => call.startsWith('GET /v3/auth/tokens')).length;
}

function logins(): number {
  return keystone.calls.filter((call) => call.startsWith('POST')).length;
}

describe('what is told', () => {
  test('a client cannot say who it is', async () => {
    const seen: Record<string, string> = {};
    const spy: Handler = (req) => {
      Object.assign(seen, Object.fromEntries(req.headers));
      return Promise.resolve(new SwiftResponse(200));
    };
    const spoofed = {
      'x-identity-status': 'Confirmed',
      'x-service-identity-status': 'Confirmed',
      'x-service-roles': 'service',
      'x-roles': 'admin',
      'x-role': 'admin',
      'x-tenant-id': 'p1',
      'x-domain-name': 'd',
      'x-service-project-domain-name': 'd',
      'x-service-catalog': '[]',
      'x-is-admin-project': 'True',
      'openstack-system-scope': 'all',
      'x-other': 'stays',
    };
    const handler = await filter({ delay_auth_decision: 'yes' }, spy);
    const req = request('GET', '/v1/AUTH_p1', spoofed);
    req.env.keystoneTokenInfo = { token: {} };
    expect(await status(handler, {}, req)).toBe(200);
    expect(seen).toEqual({ host: 'localhost', 'x-other': 'stays', 'x-identity-status': 'Invalid' });
    expect(req.env.keystoneTokenInfo).toBeUndefined();
  });

  test('names beyond ASCII are UTF-8 in headers, and the whole of what Keystone told is in the environment', async () => {
    let seen: SwiftRequest | undefined;
    const handler = await filter({}, (req) => {
      seen = req;
      return Promise.resolve(new SwiftResponse(200));
    });
    await status(handler, { 'x-auth-token': 'good' });
    expect(seen?.headers.getText('x-user-name')).toBe('ผู้ใช้');
    expect(seen?.env.keystoneTokenInfo).toMatchObject({ token: { project: { id: 'p1' } } });
  });

  test('the catalog, and only where it is asked for; system scope; not the admin project', async () => {
    const catalog = [
      {
        type: 'object-store',
        name: 'swift',
        endpoints: [
          { interface: 'public', region: 'One', url: 'http://a' },
          { interface: 'Internal', region: 'One', url: 'http://b' },
          { interface: 'public', region: 'Two', url: 'http://c' },
        ],
      },
    ];
    const more = { catalog, system: { all: true }, is_admin_project: false };
    keystone.tokens.set('good', { expires: START + 1000, more });
    const headers: (string | undefined)[] = [];
    const spy: Handler = (req) => {
      for (const name of ['x-service-catalog', 'openstack-system-scope', 'x-is-admin-project'])
        headers.push(req.headers.get(name));
      return Promise.resolve(new SwiftResponse(200));
    };
    await status(await filter({}, spy), { 'x-auth-token': 'good' });
    await status(await filter({ include_service_catalog: 'false' }, spy), { 'x-auth-token': 'good' });
    const told =
      '[{"type": "object-store", "name": "swift", "endpoints": [{"region": "One", "publicURL": "http://a", "internalURL": "http://b"}, {"region": "Two", "publicURL": "http://c"}]}]';
    expect(headers).toEqual([told, 'all', 'False', undefined, 'all', 'False']);
    expect(keystone.calls.filter((call) => call.startsWith('GET'))).toEqual([
      'GET /v3/auth/tokens',
      'GET /v3/auth/tokens?nocatalog',
    ]);
  });

  test('a 401 from behind is told where to get a token, beside what it says itself', async () => {
    const handler = await filter({ delay_auth_decision: 'yes', www_authenticate_uri: 'http://public' }, () =>
      Promise.resolve(new SwiftResponse(401, { 'www-authenticate': 'Swift realm="a"' })),
    );
    const res = await handler(request('GET', '/v1/a'));
    expect(res.headers.get('www-authenticate')).toBe('Swift realm="a", Keystone uri="http://public"');
  });
});

describe('how long a token counts', () => {
  test('it is asked of once in token_cache_time, then again', async () => {
    const handler = await filter({ token_cache_time: '30' });
    for (const seconds of [0, 10, 29]) {
      host.clock = START + seconds;
      expect(await status(handler, { 'x-auth-token': 'good' })).toBe(200);
    }
    expect(questions()).toBe(1);
    keystone.tokens.delete('good');
    host.clock = START + 30;
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(401);
    expect(questions()).toBe(2);
  });

  test('one that ends while it is known is refused from then on', async () => {
    const handler = await filter({ token_cache_time: '5000' });
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(200);
    host.clock = START + 1000;
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(200);
    host.clock = START + 1000.001;
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(401);
    expect(questions()).toBe(1);
  });

  test('a negative token_cache_time asks each time', async () => {
    const handler = await filter({ token_cache_time: '-1' });
    for (let at = 0; at < 3; at++) await status(handler, { 'x-auth-token': 'good' });
    expect(questions()).toBe(3);
  });

  test('a bad token is not remembered as bad', async () => {
    const handler = await filter();
    expect(await status(handler, { 'x-auth-token': 'later' })).toBe(401);
    keystone.tokens.set('later', { expires: START + 10 });
    expect(await status(handler, { 'x-auth-token': 'later' })).toBe(200);
  });

  test("the shared cache has Python's keys and values, and what a Python proxy put there counts", async () => {
    const cache = new MemoryCache({ now: () => host.clock });
    const handler = await filter({ cache: 'swift.cache' });
    const send = async (token: string): Promise<number> => {
      const req = request('GET', '/v1/AUTH_p1', { 'x-auth-token': token });
      req.env.cache = cache;
      return status(handler, {}, req);
    };
    expect(await send('good')).toBe(200);
    const stored = await cache.get('tokens/770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c');
    expect(JSON.parse(stored as string)).toMatchObject({ token: { user: { id: 'u1' } } });
    // sha256 of "python"
    const key = 'tokens/11a4a60b518bf24989d481468076e5d5982884626aed9faeb35b8576fcd223e1';
    await cache.set(key, '{"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "roles": []}}', 60);
    expect(await send('python')).toBe(200);
    await cache.set(key, 'nonsense', 60);
    expect(await send('python')).toBe(401);
  });

  test('many requests with one token ask once', async () => {
    const handler = await filter();
    const all = await Promise.all(Array.from({ length: 20 }, () => status(handler, { 'x-auth-token': 'good' })));
    expect(new Set(all)).toEqual(new Set([200]));
    expect([logins(), questions()]).toEqual([1, 1]);
  });
});

describe('service tokens', () => {
  test('one with a service role lets an expired token pass, any other does not', async () => {
    keystone.tokens.set('old', { expires: START - 10 });
    const handler = await filter();
    expect(await status(handler, { 'x-auth-token': 'old' })).toBe(401);
    expect(await status(handler, { 'x-auth-token': 'old', 'x-service-token': 'good' })).toBe(401);
    expect(await status(handler, { 'x-auth-token': 'old', 'x-service-token': 'service' })).toBe(200);
    expect(keystone.calls).not.toContain('GET /v3/auth/tokens?allow_expired=1');
  });

  test('Keystone is asked to tell of an expired token only for a service', async () => {
    keystone.tokens.set('old', { expires: START - 10 });
    const handler = await filter();
    expect(await status(handler, { 'x-auth-token': 'old', 'x-service-token': 'service' })).toBe(200);
    expect(keystone.calls.at(-1)).toBe('GET /v3/auth/tokens?allow_expired=1');
  });

  test('one without a service role is good unless roles are required', async () => {
    const headers = { 'x-auth-token': 'good', 'x-service-token': 'good' };
    expect(await status(await filter(), headers)).toBe(200);
    expect(await status(await filter({ service_token_roles_required: 'true' }), headers)).toBe(401);
    expect(
      await status(await filter({ service_token_roles_required: 'true', service_token_roles: 'x, member' }), headers),
    ).toBe(200);
  });
});

describe('how Keystone is found and logged in to', () => {
  test('by password, to the endpoint that the catalog names', async () => {
    expect(await status(await filter(), { 'x-auth-token': 'good' })).toBe(200);
    expect(keystone.calls).toEqual(['POST /v3/auth/tokens', 'GET /v3/auth/tokens']);
    expect(keystone.bodies).toEqual([
      {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: 'swift', domain: { id: 'default' }, password: 'pw' } },
          },
          scope: { project: { name: 'service', domain: { id: 'default' } } },
        },
      },
    ]);
  });

  test('URLs without a version, at login and in the catalog, are asked for theirs', async () => {
    keystone.endpoints = [{ interface: 'internal', url: `${keystone.url}/identity` }];
    const handler = await filter({ auth_url: keystone.url });
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(200);
    expect(keystone.calls).toEqual(['GET /', 'POST /v3/auth/tokens', 'GET /identity/', 'GET /identity/v3/auth/tokens']);
  });

  test('interface and region choose the endpoint; without one it is 503', async () => {
    keystone.endpoints = [
      { interface: 'public', region_id: 'One', url: 'http://127.0.0.1:1/v3' },
      { interface: 'public', region_id: 'Two', url: `${keystone.url}/v3` },
    ];
    const two = { interface: 'public', region_name: 'Two' };
    expect(await status(await filter(two), { 'x-auth-token': 'good' })).toBe(200);
    expect(await status(await filter({ ...two, region_name: 'Three' }), { 'x-auth-token': 'good' })).toBe(503);
    expect(await status(await filter(), { 'x-auth-token': 'good' })).toBe(503);
  });

  test('our own token is renewed before it ends', async () => {
    keystone.ownExpires = START + 100;
    const handler = await filter({ token_cache_time: '-1' });
    const ask = async (seconds: number): Promise<number> => {
      host.clock = START + seconds;
      await status(handler, { 'x-auth-token': 'good' });
      return logins();
    };
    expect([await ask(0), await ask(69), await ask(71)]).toEqual([1, 1, 2]);
  });

  test('our own token is renewed when Keystone refuses it, once', async () => {
    const handler = await filter({ token_cache_time: '-1' });
    await status(handler, { 'x-auth-token': 'good' });
    keystone.own.clear();
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(200);
    expect(logins()).toBe(2);
    keystone.faults.push(401, 401, 401);
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(503);
  });

  test('an application credential, a domain, the system', async () => {
    const scopes: Record<string, string>[] = [
      { auth_type: 'v3applicationcredential', application_credential_id: 'i', application_credential_secret: 's' },
      { project_name: '', domain_id: 'd' },
      { system_scope: 'all' },
      { project_id: 'p' },
      { project_domain_id: '', default_domain_name: 'n' },
    ];
    for (const more of scopes) await status(await filter(more), { 'x-auth-token': 'good' });
    const auths = keystone.bodies.map((body) => (body as { auth: { identity: unknown; scope: unknown } }).auth);
    expect(auths[0]?.identity).toEqual({
      methods: ['application_credential'],
      application_credential: { id: 'i', secret: 's' },
    });
    expect(auths.map(({ scope }) => scope)).toEqual([
      undefined,
      { domain: { id: 'd' } },
      { system: { all: true } },
      { project: { id: 'p' } },
      { project: { name: 'service', domain: { name: 'n' } } },
    ]);
  });
});

describe('when Keystone does not answer', () => {
  test('a question is asked again, after longer and longer waits', async () => {
    const handler = await filter();
    await status(handler, { 'x-auth-token': 'good' });
    keystone.faults.push('break', 'break', 'break');
    expect(await status(handler, { 'x-auth-token': 'service' })).toBe(200);
    expect(waits).toEqual([0.5, 1, 2]);
  });

  test('it is 503 after that many tries, for errors of Keystone at once; a client may come again', async () => {
    const handler = await filter({ http_request_max_retries: '1', token_cache_time: '-1' });
    await status(handler, { 'x-auth-token': 'good' });
    keystone.faults.push('break', 'break');
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(503);
    keystone.faults.push(500);
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(503);
    expect(await status(handler, { 'x-auth-token': 'good' })).toBe(200);
    expect(waits).toEqual([0.5]);
  });

  test('a request is logged as an error and judged as one without a token where auth is delayed', async () => {
    const handler = await filter({ delay_auth_decision: 'yes' });
    keystone.faults.push(500);
    const req = request('GET', '/v1/AUTH_p1', { 'x-auth-token': 'good' });
    expect(await status(handler, {}, req)).toBe(200);
    expect(req.headers.get('x-identity-status')).toBe('Invalid');
    expect(req.log.lines.join()).toMatch(/Unable to validate token: .*500, as told/);
  });

  test('a server that ends breaks off what it asks', async () => {
    let started = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (started = resolve));
    const factory = makeFilterFactory((_seconds, signal) => {
      started();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    const handler = await load(factory, options(), app, host);
    await status(handler, { 'x-auth-token': 'good' });
    keystone.faults.push('break');
    const answer = status(handler, { 'x-auth-token': 'service' });
    await waiting;
    await host.close();
    expect(await answer).toBe(503);
  });
});

describe('tokens that are good for some requests', () => {
  const rules = [
    { service: 'object-store', method: 'GET', path: '/v1/*/c/**' },
    { service: 'object-store', method: 'HEAD', path: '/v1/{account}' },
    { service: 'compute', method: 'PUT', path: '/v1/AUTH_p1/c' },
  ];
  const more = { application_credential: { access_rules: rules }, catalog: [{ type: 'object-store', endpoints: [] }] };

  test.each([
    ['GET', '/v1/AUTH_p1/c/a/b', 200],
    ['GET', '/v1/AUTH_p1/d/a', 401],
    ['HEAD', '/v1/AUTH_p1', 200],
    ['HEAD', '/v1/AUTH_p1/c', 401],
    ['PUT', '/v1/AUTH_p1/c', 401],
  ])('access rules: %s %s is %i', async (method, path, expected) => {
    keystone.tokens.set('limited', { expires: START + 10, more });
    const handler = await filter({ service_type: 'object-store' });
    const req = request(method, path, { 'x-auth-token': 'limited' });
    expect(await status(handler, {}, req)).toBe(expected);
  });

  test('they cannot be checked without service_type', async () => {
    keystone.tokens.set('limited', { expires: START + 10, more });
    const req = request('GET', '/v1/AUTH_p1/c/a', { 'x-auth-token': 'limited' });
    expect(await status(await filter(), {}, req)).toBe(401);
  });

  test.each([
    ['permissive', undefined, 200],
    ['required', undefined, 401],
    ['permissive', { x509: 'a' }, 200],
    ['strict', { x509: 'a' }, 401],
    ['permissive', { kerberos: 'a' }, 401],
    ['disabled', { kerberos: 'a' }, 200],
  ])('enforce_token_bind = %s with %j is %i', async (mode, bind, expected) => {
    keystone.tokens.set('bound', { expires: START + 10, more: { bind } });
    expect(await status(await filter({ enforce_token_bind: mode }), { 'x-auth-token': 'bound' })).toBe(expected);
  });
});

test('many tokens at once are asked about over a bounded number of connections', async () => {
  const handler = await filter();
  await status(handler, { 'x-auth-token': 'good' });
  keystone.isHolding = true;
  const answers = Array.from({ length: 100 }, (_, at) => status(handler, { 'x-auth-token': `unknown${at}` }));
  await expect.poll(() => keystone.held).toBe(64);
  keystone.release();
  expect(new Set(await Promise.all(answers))).toEqual(new Set([401]));
  expect(keystone.mostHeld).toBe(64);
});

test('an answer that does not end is not kept', async () => {
  keystone.tokens.set('vast', { expires: START + 10, more: { vast: 'x'.repeat(5 * 1024 * 1024) } });
  expect(await status(await filter(), { 'x-auth-token': 'vast' })).toBe(503);
});

test('a token with bytes that no token has is refused unasked', async () => {
  const handler = await filter();
  expect(await status(handler, { 'x-auth-token': 'g\u00e9' })).toBe(401);
  expect(keystone.calls).toEqual([]);
});

test.each([
  [{ auth_url: undefined }, /auth_url/],
  [{ auth_plugin: undefined }, /auth_type is missing/],
  [{ auth_plugin: 'v2password' }, /auth_plugin.*expected password or v3password or v3applicationcredential/],
  [{ password: undefined }, /password is missing/],
  [{ username: undefined }, /username or user_id is missing/],
  [{ user_domain_id: undefined }, /user_domain_id or user_domain_name is missing/],
  [{ project_domain_id: undefined }, /project_domain_id or project_domain_name is missing/],
  [{ memcache_security_strategy: 'ENCRYPT' }, /memcache_security_strategy.*expected None/],
  [{ cafile: '/nonexistent' }, /nonexistent/],
])('%j does not start', async (change, message) => {
  const all: Record<string, string | undefined> = { ...options(), ...change };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  await expect(load(filterFactory, given, app, host)).rejects.toThrow(message);
});
