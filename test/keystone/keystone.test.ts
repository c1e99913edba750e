import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest';
import * as authtoken from '../../src/middleware/authtoken.ts';
import * as keystoneauth from '../../src/middleware/keystoneauth.ts';
import { type Handler, SwiftResponse } from '../../src/middleware-api.ts';
import { type Cluster, FakeHost, load, request, startCluster } from '../../src/testing.ts';
import { type Issued, LOGINS, missingKeystone, RealKeystone } from './real-keystone.ts';

const missing = missingKeystone();
if (missing !== undefined) console.warn(`LEFT OUT: ${missing}`);
const test = missing === undefined ? plainTest : plainTest.skip;
const run = promisify(execFile);

let keystone: RealKeystone;
let cluster: Cluster;
const hosts: FakeHost[] = [];

beforeAll(async () => {
  if (missing !== undefined) return;
  keystone = await RealKeystone.start();
  cluster = await startCluster({
    pipeline: 'catch_errors gatekeeper healthcheck proxy-logging cache listing_formats proxy-logging proxy-server',
    filters: [
      {
        name: 'authtoken',
        factory: 'keystonemiddleware.auth_token:filter_factory',
        options: { ...conf(), cache: 'swift.cache', delay_auth_decision: 'True', include_service_catalog: 'False' },
        before: 'proxy-logging',
      },
      { name: 'keystoneauth', use: 'egg:swift#keystoneauth', before: 'proxy-logging' },
    ],
  });
  await keystone.tellSwift(cluster.url);
});

afterAll(async () => {
  for (const host of hosts) await host.close();
  await cluster?.stop();
  await keystone?.remove();
});

/** As the sample config has them. */
function conf(): Record<string, string> {
  return {
    www_authenticate_uri: keystone.url,
    auth_url: keystone.url,
    auth_plugin: 'password',
    project_domain_id: 'default',
    user_domain_id: 'default',
    project_name: 'service',
    username: 'swift',
    password: 'servicepw',
  };
}

/** `path` below the account of the token's project; or a path from the root, `/v1/…`. */
async function send(
  issued: Issued | undefined,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | null = null,
): Promise<Response> {
  const target = path.startsWith('/v1/') ? path : `/v1/AUTH_${issued?.projectId}${path}`;
  const token = issued === undefined ? {} : { 'x-auth-token': issued.token };
  return fetch(`${cluster.url}${target}`, { method, headers: { ...token, ...headers }, body });
}

async function status(...args: Parameters<typeof send>): Promise<number> {
  const res = await send(...args);
  await res.arrayBuffer();
  return res.status;
}

test('a user with a token got by password makes a container, an object, and reads and lists it', async () => {
  const tester = await keystone.login(LOGINS.tester);
  expect(await status(tester, 'PUT', '/c')).toBe(201);
  expect(await status(tester, 'PUT', '/c/o', {}, 'hello')).toBe(201);
  expect(await (await send(tester, 'GET', '/c/o')).text()).toBe('hello');
  expect(await (await send(tester, 'GET', '/c')).text()).toBe('o\n');
  const head = await send(tester, 'HEAD', '');
  expect(head.headers.get('x-account-project-domain-id')).toBe('default');
});

test('a user whose role in the project is no operator role is refused with 403, and let in by an ACL of that role', async () => {
  const tester = await keystone.login(LOGINS.tester);
  const member = await keystone.login(LOGINS.tester3);
  await status(tester, 'PUT', '/roles');
  await status(tester, 'PUT', '/roles/o', {}, 'x');
  expect(await status(member, 'GET', '/roles/o')).toBe(403);
  expect(await status(member, 'PUT', '/roles/new', {}, 'x')).toBe(403);
  expect(await status(tester, 'POST', '/roles', { 'x-container-read': 'member' })).toBe(204);
  expect(await status(member, 'GET', '/roles/o')).toBe(200);
  expect(await status(member, 'PUT', '/roles/new', {}, 'x')).toBe(403);
});

test('a user of another project gets in by an ACL of ids or names, and by no other', async () => {
  const tester = await keystone.login(LOGINS.tester);
  const other = await keystone.login(LOGINS.tester2);
  await status(tester, 'PUT', '/shared');
  await status(tester, 'PUT', '/shared/o', {}, 'x');
  const path = `/v1/AUTH_${tester.projectId}/shared/o`;
  const acls: [string, number][] = [
    ['', 403],
    [`${other.projectId}:${other.userId}`, 200],
    [`${other.projectId}:*`, 200],
    [`*:${other.userId}`, 200],
    ['test2:tester2', 200],
    ['test2:tester', 403],
    [`${tester.projectId}:*`, 403],
    ['.r:*', 200],
  ];
  for (const [acl, expected] of acls) {
    expect(await status(tester, 'POST', '/shared', { 'x-container-read': acl })).toBe(204);
    expect([acl, await status(other, 'GET', path)]).toEqual([acl, expected]);
  }
  expect(await status(other, 'PUT', path, {}, 'y')).toBe(403);
});

test('only a reseller admin makes and deletes accounts of others', async () => {
  const tester = await keystone.login(LOGINS.tester);
  const reseller = await keystone.login(LOGINS.reseller);
  expect(await status(tester, 'DELETE', '')).toBe(403);
  expect(await status(reseller, 'PUT', `/v1/AUTH_${tester.projectId}/by-reseller`)).toBe(201);
  expect(await status(reseller, 'GET', `/v1/AUTH_${tester.projectId}`)).toBe(200);
});

test('who has no token, a bad one, or headers that only pretend, is asked to go to Keystone', async () => {
  const tester = await keystone.login(LOGINS.tester);
  const spoofed = {
    'x-identity-status': 'Confirmed',
    'x-roles': 'admin,ResellerAdmin',
    'x-project-id': tester.projectId,
    'x-user-id': tester.userId,
  };
  for (const headers of [{}, spoofed, { ...spoofed, 'x-auth-token': 'bad' }]) {
    const res = await send(undefined, 'GET', `/v1/AUTH_${tester.projectId}/c`, headers as Record<string, string>);
    await res.arrayBuffer();
    expect([res.status, res.headers.get('www-authenticate')]).toEqual([
      401,
      `Swift realm="AUTH_${tester.projectId}", Keystone uri="${keystone.url}"`,
    ]);
  }
});

test('python-swiftclient uploads, lists, shows and downloads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swiftclient-'));
  try {
    const swift = async (...args: string[]): Promise<string> => {
      const { user, password, project } = LOGINS.tester;
      const login = ['--auth-version', '3', '--os-auth-url', `${keystone.url}/v3`, '--os-username', user];
      const domains = ['--os-user-domain-name', 'Default', '--os-project-domain-name', 'Default'];
      const rest = ['--os-password', password, '--os-project-name', project, ...domains];
      return (await run('/usr/bin/swift', [...login, ...rest, ...args], { cwd: folder })).stdout;
    };
    const file = fileURLToPath(new URL('auth-token.py', import.meta.url));
    await swift('upload', 'from-python', file, '--object-name', 'a file');
    expect(await swift('list', 'from-python')).toBe('a file\n');
    expect(await swift('stat', 'from-python', 'a file')).toMatch(/Content Length: \d+/);
    await swift('download', 'from-python', 'a file', '--output', 'got');
    await run('cmp', [file, join(folder, 'got')]);
    await swift('post', '--read-acl', 'test2:*', 'from-python');
    expect(await swift('stat', 'from-python')).toMatch(/Read ACL: test2:\*/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** authtoken and keystoneauth before an app that every user may read; its clock stands until the test moves it. */
async function filters(options: Record<string, string> = {}): Promise<{ handler: Handler; host: FakeHost }> {
  const host = new FakeHost({ clock: Date.now() / 1000 });
  hosts.push(host);
  const app: Handler = async (req) => (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  const inner = await load(
    keystoneauth.filterFactory,
    { reseller_prefix: 'AUTH, SERVICE', SERVICE_service_roles: 'service' },
    app,
  );
  return { handler: await load(authtoken.filterFactory, { ...conf(), ...options }, inner, host), host };
}

test('a revoked token is refused once the time is over for which it counts as known', async () => {
  const { handler, host } = await filters({ token_cache_time: '60' });
  const { token, projectId } = await keystone.login(LOGINS.tester);
  const get = async (): Promise<number> =>
    (await handler(request('GET', `/v1/AUTH_${projectId}/c`, { 'x-auth-token': token }))).status;
  expect(await get()).toBe(200);
  await keystone.revoke(token);
  expect(await get()).toBe(200);
  host.clock += 59;
  expect(await get()).toBe(200);
  host.clock += 2;
  expect(await get()).toBe(401);
});

test('a token that has expired is refused, however long it would count as known', async () => {
  const { handler, host } = await filters({ token_cache_time: '1000000' });
  const { token, projectId } = await keystone.login(LOGINS.tester);
  const get = async (): Promise<number> =>
    (await handler(request('GET', `/v1/AUTH_${projectId}/c`, { 'x-auth-token': token }))).status;
  expect(await get()).toBe(200);
  // Keystone's tokens are for an hour here.
  host.clock += 3_500;
  expect(await get()).toBe(200);
  host.clock += 200;
  // Asked anew, the real Keystone would still take it; the own clock says that it is over.
  expect(await get()).toBe(401);
});

test('an account of a service needs a service token as well', async () => {
  const { handler } = await filters();
  const { token, projectId } = await keystone.login(LOGINS.tester);
  const service = (await keystone.login(LOGINS.service)).token;
  const get = async (serviceToken?: string): Promise<number> => {
    const headers = {
      'x-auth-token': token,
      ...(serviceToken === undefined ? {} : { 'x-service-token': serviceToken }),
    };
    return (await handler(request('PUT', `/v1/SERVICE_${projectId}/c`, headers))).status;
  };
  expect([await get(), await get(service), await get(token), await get('bad')]).toEqual([403, 200, 403, 401]);
});

test('our own token is got anew when Keystone takes it no longer', async () => {
  const { handler } = await filters();
  const own = await keystone.login(LOGINS.service);
  const get = async (): Promise<number> => {
    const { token, projectId } = await keystone.login(LOGINS.tester);
    return (await handler(request('GET', `/v1/AUTH_${projectId}/c`, { 'x-auth-token': token }))).status;
  };
  expect(await get()).toBe(200);
  await keystone.disableAndEnable(own.userId);
  expect(await get()).toBe(200);
});

interface PythonCase {
  path: string;
  headers: Record<string, string>;
  conf: Record<string, string>;
}

interface Answer {
  status: number;
  type: string | null;
  challenge: string | null;
  body: string;
}

test("Debian's keystonemiddleware tells the app the same, and refuses in the same words", async () => {
  const { token } = await keystone.login(LOGINS.tester);
  const service = (await keystone.login(LOGINS.service)).token;
  const spoofed = { 'x-roles': 'admin', 'x-tenant': 'x', 'x-service-user-id': 'x', 'x-service-catalog': '[]' };
  const away = 'http://127.0.0.1:1';
  const delayed = { delay_auth_decision: 'yes' };
  const cases: PythonCase[] = [
    { path: '/', headers: { 'x-auth-token': token, 'x-service-token': service, ...spoofed }, conf: {} },
    { path: '/', headers: { 'x-auth-token': token }, conf: { include_service_catalog: 'no' } },
    { path: '/', headers: { 'x-storage-token': token, ...spoofed }, conf: delayed },
    { path: '/', headers: { 'x-auth-token': ` ${token} ` }, conf: {} },
    { path: '/', headers: spoofed, conf: delayed },
    { path: '/', headers: { ...spoofed, 'x-auth-token': 'bad' }, conf: delayed },
    { path: '/', headers: { 'x-auth-token': token, 'x-service-token': 'bad' }, conf: delayed },
    { path: '/', headers: { 'x-auth-token': 'bad', 'x-service-token': service }, conf: delayed },
    { path: '/', headers: { 'x-service-token': service }, conf: delayed },
    {
      path: '/',
      headers: { 'x-auth-token': token, 'x-service-token': token },
      conf: { service_token_roles_required: 'yes', ...delayed },
    },
    {
      path: '/',
      headers: { 'x-auth-token': token, 'x-service-token': token },
      conf: { service_token_roles_required: 'yes' },
    },
    { path: '/', headers: {}, conf: {} },
    { path: '/', headers: { 'x-auth-token': 'bad' }, conf: {} },
    { path: '/', headers: { 'x-auth-token': token, 'x-service-token': 'bad' }, conf: {} },
    { path: '/', headers: { 'x-service-token': service }, conf: {} },
    { path: '/401', headers: { 'x-auth-token': token }, conf: {} },
    { path: '/401', headers: {}, conf: delayed },
    { path: '/', headers: { 'x-auth-token': token }, conf: { password: 'wrong' } },
    ...['*/*', 'text/html', 'application/json', 'text/plain'].map((accept) => ({
      path: '/',
      headers: { 'x-auth-token': token, accept },
      conf: { auth_url: away },
    })),
    { path: '/', headers: { 'x-auth-token': token }, conf: { auth_url: away } },
    { path: '/', headers: { 'x-auth-token': token }, conf: { auth_url: away, ...delayed } },
  ];
  const program = fileURLToPath(new URL('auth-token.py', import.meta.url));
  const python = run('/usr/bin/python3', [program]);
  const wanted = cases.map((each) => ({ ...each, conf: { ...conf(), ...each.conf } }));
  python.child.stdin?.end(JSON.stringify({ conf: {}, cases: wanted }));
  const theirs = JSON.parse((await python).stdout) as Answer[];
  for (const [at, { path, headers, conf: options }] of wanted.entries()) {
    const ours = await answerTo(path, headers, options);
    expect(comparable(ours), JSON.stringify(cases[at])).toEqual(comparable(theirs[at] as Answer));
  }
});

async function answerTo(
  path: string,
  headers: Record<string, string>,
  options: Record<string, string>,
): Promise<Answer> {
  const host = new FakeHost({ clock: Date.now() / 1000 });
  hosts.push(host);
  const echo: Handler = (req) => {
    const seen: Record<string, string> = {};
    for (const [name, value] of req.headers) {
      if (/^(x-|openstack)/.test(name)) seen[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`] = value;
    }
    const body = Buffer.from(JSON.stringify(seen));
    return Promise.resolve(
      new SwiftResponse(path === '/401' ? 401 : 200, { 'content-type': 'application/json' }, body),
    );
  };
  const handler = await load(authtoken.filterFactory, options, echo, host);
  const res = await handler(request('GET', path, headers));
  return {
    status: res.status,
    type: res.headers.get('content-type') ?? null,
    challenge: res.headers.get('www-authenticate') ?? null,
    body: await res.text(),
  };
}

/** What the app saw, as an object; a page as its text. */
function comparable(answer: Answer): unknown {
  const isJson = answer.type === 'application/json';
  return { ...answer, body: isJson ? (JSON.parse(answer.body) as unknown) : answer.body };
}

test('while Keystone is away, known tokens count, others get 503, or are judged as none where auth is delayed', async () => {
  const { handler } = await filters({ http_request_max_retries: '0' });
  const delayed = await filters({ http_request_max_retries: '0', delay_auth_decision: 'yes' });
  const { token, projectId } = await keystone.login(LOGINS.tester);
  const unknown = (await keystone.login(LOGINS.tester)).token;
  const get = async (through: Handler, which: string): Promise<number> => {
    const res = await through(request('GET', `/v1/AUTH_${projectId}/c`, { 'x-auth-token': which }));
    await res.close();
    return res.status;
  };
  expect([await get(handler, token), await get(delayed.handler, token)]).toEqual([200, 200]);
  await keystone.halt();
  expect([await get(handler, token), await get(handler, unknown)]).toEqual([200, 503]);
  expect([await get(delayed.handler, token), await get(delayed.handler, unknown)]).toEqual([200, 401]);
  await keystone.run();
  expect([await get(handler, unknown), await get(delayed.handler, unknown)]).toEqual([200, 200]);
});
