import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { APUS_VERSION } from '../../../src/common/version.ts';
import type { SwiftRequest } from '../../../src/http/request.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { NOW } from './object-fixture.ts';
import { proxyFixture, serverOf, withAccount } from './proxy-fixture.ts';

const never = (): never => {
  throw new Error('no node is to be asked');
};

describe('a path', () => {
  test.each([
    ['/', 404, 'could not be found'],
    ['/v1', 412, 'Bad URL'],
    ['/v1/', 412, 'Bad URL'],
    ['/v1//c', 412, 'Bad URL'],
    ['/v1/a//o', 412, 'Bad URL'],
    ['/v2/a', 400, 'malformed'],
    ['/foo/bar/info', 400, 'malformed'],
    ['/v1/a/%ff', 412, 'Invalid UTF8 or contains NULL'],
    ['/v1/a/%00x', 412, 'Invalid UTF8 or contains NULL'],
  ])('%s gets %i', async (target, status, text) => {
    const answer = await proxyFixture(never).send('GET', target);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
    expect(answer.res.headers.get('content-type')).toBe('text/html; charset=UTF-8');
  });

  test('with a NUL is for requests that may use reserved names', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    const headers = { 'x-backend-allow-reserved-names': 'true' };
    expect((await fixture.send('HEAD', '/v1/a/%00x', { headers })).status).toBe(204);
    expect((await fixture.send('HEAD', '/v1/a/%00x', { env: { allowReservedNames: true } })).status).toBe(204);
  });

  test('may begin with v1.0', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    expect((await fixture.send('HEAD', '/v1.0/a/c')).status).toBe(204);
  });

  test('is decoded once on its way to the node', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    await fixture.send('HEAD', '/v1/a/%E6%BC%A2%2541');
    expect(fixture.nodes.requests.at(-1)?.target).toMatch(/^\/d0\/\d+\/a\/%E6%BC%A2%2541$/);
  });
});

describe('the proxy', () => {
  test('answers 405 with the methods it has, to a method it does not know', async () => {
    const fixture = proxyFixture(never, { allow_account_management: 'yes' });
    for (const path of ['/v1/a', '/v1/a/c', '/v1/a/c/o']) {
      const { status, res } = await fixture.send('FOO', path);
      expect([status, res.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, POST, PUT']);
    }
    expect((await fixture.send('constructor', '/v1/a')).status).toBe(405);
  });

  test('refuses hosts that the config denies', async () => {
    const fixture = proxyFixture(never, { deny_host_headers: 'evil.example, other' });
    const { status, text } = await fixture.send('GET', '/v1/a', { headers: { host: 'evil.example:8080' } });
    expect([status, text]).toEqual([403, 'Invalid host header']);
    expect((await fixture.send('GET', '/info', { headers: { host: 'other' } })).status).toBe(403);
  });

  test('refuses a negative length', async () => {
    const { status, text } = await proxyFixture(never).send('PUT', '/v1/a/c', { headers: { 'content-length': '-1' } });
    expect([status, text]).toEqual([400, 'Invalid Content-Length']);
  });

  test('takes X-Storage-Token for X-Auth-Token', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    await fixture.send('HEAD', '/v1/a/c', { headers: { 'x-storage-token': 'tk' } });
    expect(fixture.nodes.requests.at(-1)?.headers.get('x-auth-token')).toBe('tk');
  });

  test('makes a transaction id when nobody has', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    await fixture.send('HEAD', '/v1/a/c', { env: { transId: undefined } });
    expect(fixture.nodes.requests.at(-1)?.headers.get('x-trans-id')).toMatch(/^tx[0-9a-f]{21}-006b02e8bf$/);
  });

  test('answers 500 without a word of the reason when it fails, and logs that', async () => {
    const fixture = proxyFixture(never);
    const { status, text } = await fixture.send('GET', '/v1/a/c', {
      env: {
        authorize: () => {
          throw new Error('secret reason');
        },
      },
    });
    expect(status).toBe(500);
    expect(text).toContain('Internal Error');
    expect(text).not.toContain('secret');
    expect(fixture.log.lines.join()).toContain('secret reason');
  });
});

describe('authorization', () => {
  const denied = (): SwiftResponse => new SwiftResponse(403, {}, Buffer.from('no'));

  test('that is refused at once keeps a write from the nodes', async () => {
    const { status } = await proxyFixture(never).send('PUT', '/v1/a/c', { env: { authorize: denied } });
    expect(status).toBe(403);
  });

  test('of a read is asked again with the ACL of the container', async () => {
    const acls: unknown[] = [];
    const fixture = proxyFixture(withAccount(() => ({ status: 204, headers: { 'x-container-read': '.r:*' } })));
    const authorize = (req: SwiftRequest): SwiftResponse | null => {
      acls.push(req.env.acl);
      return req.env.acl === '.r:*' ? null : denied();
    };
    expect((await fixture.send('HEAD', '/v1/a/c', { env: { authorize } })).status).toBe(204);
    expect(acls).toEqual([undefined, '.r:*']);
  });

  test('that is refused with the ACL too is the answer, and what the node said is dropped', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 200, body: '["secret"]' })));
    const { status, text } = await fixture.send('GET', '/v1/a/c', { env: { authorize: denied } });
    expect([status, text, fixture.nodes.leaked]).toEqual([403, 'no', []]);
  });

  test('comes before the news that there is no account', async () => {
    const fixture = proxyFixture(() => ({ status: 404 }));
    expect((await fixture.send('GET', '/v1/a/c', { env: { authorize: denied } })).status).toBe(403);
    expect((await fixture.send('GET', '/v1/a/c')).status).toBe(404);
  });

  test('that was given is not asked for again, and stands in the request afterwards', async () => {
    let asked = 0;
    const authorize = (): null => {
      asked += 1;
      return null;
    };
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    const env = { authorize };
    await fixture.send('HEAD', '/v1/a/c', { env });
    expect(asked).toBe(1);
  });
});

describe('GET /info', () => {
  const sign = (method: string, expires: number, digest = 'sha1', key = 'secret'): string =>
    createHmac(digest, key).update(`${method}\n${expires}\n/info`).digest('hex');
  const soon = Math.ceil(NOW) + 60;

  test('tells version, policies and limits, the deprecated policy and internals aside', async () => {
    const fixture = proxyFixture(never, { account_autocreate: 'yes', allow_account_management: 'yes' });
    const { status, text, res } = await fixture.send('GET', '/info');
    expect([status, res.headers.get('content-type')]).toEqual([200, 'application/json; charset=UTF-8']);
    const info = JSON.parse(text) as Record<string, Record<string, unknown>>;
    const recorded = JSON.parse(
      readFileSync(fileURLToPath(new URL('../../golden/recon/proxy-info.json', import.meta.url)), 'utf8'),
    ) as { swift: Record<string, unknown> };
    expect(info['swift']).toEqual({
      ...recorded.swift,
      version: '2.38.2',
      policies: [
        { name: 'gold', aliases: 'gold, yellow', default: true },
        { name: 'silver', aliases: 'silver' },
      ],
    });
    expect(info['apus']).toEqual({ version: APUS_VERSION });
    expect(info['admin']).toBeUndefined();
  });

  test('leaves out what the config disallows', async () => {
    const fixture = proxyFixture(never, { disallowed_sections: 'apus, swift.policies' });
    const info = JSON.parse((await fixture.send('GET', '/info')).text) as Record<string, Record<string, unknown>>;
    expect(info['apus']).toBeUndefined();
    expect(info['swift']?.['policies']).toBeUndefined();
    expect(info['swift']?.['valid_api_versions']).toEqual(['v1', 'v1.0']);
  });

  test('is refused when the config says so', async () => {
    expect((await proxyFixture(never, { expose_info: 'no' }).send('GET', '/info')).status).toBe(403);
  });

  test.each(['sha1', 'sha256', 'sha512'])('shows the admin section to who signs with %s', async (digest) => {
    const fixture = proxyFixture(never, { admin_key: 'secret' });
    const { status, text } = await fixture.send(
      'GET',
      `/info?swiftinfo_sig=${sign('GET', soon, digest)}&swiftinfo_expires=${soon}`,
    );
    expect(status).toBe(200);
    expect(JSON.parse(text)).toHaveProperty('admin');
  });

  test.each([
    ['a wrong signature', `swiftinfo_sig=${'0'.repeat(40)}&swiftinfo_expires=${soon}`, 401],
    ['another key', `swiftinfo_sig=${sign('GET', soon, 'sha1', 'other')}&swiftinfo_expires=${soon}`, 401],
    ['a signature of a HEAD', `swiftinfo_sig=${sign('HEAD', soon)}&swiftinfo_expires=${soon}`, 401],
    ['a time that is past', `swiftinfo_sig=${sign('GET', 1000)}&swiftinfo_expires=1000`, 401],
    ['a time that is none', `swiftinfo_sig=x&swiftinfo_expires=soon`, 401],
    ['no time', `swiftinfo_sig=x`, 401],
  ])('refuses %s', async (_, query, status) => {
    expect((await proxyFixture(never, { admin_key: 'secret' }).send('GET', `/info?${query}`)).status).toBe(status);
  });

  test('may be asked by HEAD with the signature of a GET', async () => {
    const fixture = proxyFixture(never, { admin_key: 'secret' });
    const query = `swiftinfo_sig=${sign('GET', soon)}&swiftinfo_expires=${soon}`;
    expect((await fixture.send('HEAD', `/info?${query}`)).status).toBe(200);
  });

  test('is 403 for admins where there is no admin key', async () => {
    expect((await proxyFixture(never).send('GET', '/info?swiftinfo_sig=x&swiftinfo_expires=1')).status).toBe(403);
  });

  test('may be read by scripts of any origin', async () => {
    const { res } = await proxyFixture(never).send('GET', '/info', { headers: { origin: 'http://x' } });
    expect(res.headers.get('access-control-allow-origin')).toBe('http://x');
    expect(res.headers.get('access-control-expose-headers')).toBe('x-trans-id');
  });

  test('knows OPTIONS and no other methods', async () => {
    const fixture = proxyFixture(never);
    expect((await fixture.send('OPTIONS', '/info')).res.headers.get('allow')).toBe('HEAD, GET, OPTIONS');
    expect((await fixture.send('POST', '/info')).status).toBe(405);
  });
});

describe('requests from other origins', () => {
  const container = (cors: Record<string, string>): ReturnType<typeof proxyFixture> =>
    proxyFixture(
      withAccount(() => ({
        status: 204,
        headers: Object.fromEntries(
          Object.entries(cors).map(([name, value]) => [`x-container-meta-access-control-${name}`, value]),
        ),
      })),
      {},
    );
  const preflight = { origin: 'http://x', 'access-control-request-method': 'GET' };

  test('get a plain answer to OPTIONS where there is no CORS', async () => {
    const fixture = proxyFixture(never, { allow_account_management: 'yes' });
    const plain = await fixture.send('OPTIONS', '/v1/a/c');
    expect([plain.status, plain.res.headers.get('allow')]).toEqual([200, 'DELETE, GET, HEAD, OPTIONS, POST, PUT']);
    expect((await fixture.send('OPTIONS', '/v1/a', { headers: preflight })).status).toBe(200);
  });

  test('are let in by the container for the origins it names', async () => {
    const fixture = container({ 'allow-origin': 'http://x http://y', 'max-age': '5' });
    const headers = { ...preflight, 'access-control-request-headers': 'a, b, a' };
    const { status, res } = await fixture.send('OPTIONS', '/v1/a/c/o', { headers });
    expect(status).toBe(200);
    expect(Object.fromEntries(res.headers)).toMatchObject({
      'access-control-allow-origin': 'http://x',
      'access-control-max-age': '5',
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, POST, PUT',
      'access-control-allow-headers': 'a, b',
      vary: 'Origin, Access-Control-Request-Headers',
    });
  });

  test('are let in for everybody without naming the origin', async () => {
    const { res } = await container({ 'allow-origin': '*' }).send('OPTIONS', '/v1/a/c', { headers: preflight });
    expect(res.headers.get('access-control-allow-origin')).toBe('*');
    expect(res.headers.has('vary')).toBe(false);
  });

  test.each([
    ['another origin', { 'allow-origin': 'http://y' }, preflight],
    ['no container metadata', {}, preflight],
    ['a method that is not there', { 'allow-origin': '*' }, { ...preflight, 'access-control-request-method': 'FOO' }],
    ['no method', { 'allow-origin': '*' }, { origin: 'http://x' }],
  ])('are refused with 401 for %s', async (_, cors, headers) => {
    expect((await container(cors).send('OPTIONS', '/v1/a/c', { headers })).status).toBe(401);
  });

  test('are let in by the config too', async () => {
    const fixture = proxyFixture(
      withAccount(() => ({ status: 204 })),
      { cors_allow_origin: 'http://x, http://z' },
    );
    expect((await fixture.send('OPTIONS', '/v1/a/c', { headers: preflight })).status).toBe(200);
  });

  test('may read the headers of the answer that the container exposes', async () => {
    const fixture = container({ 'allow-origin': 'http://x', 'expose-headers': 'X-Foo x-bar' });
    const { res } = await fixture.send('HEAD', '/v1/a/c', { headers: { origin: 'http://x' } });
    expect(res.headers.get('access-control-allow-origin')).toBe('http://x');
    expect(res.headers.get('vary')).toBe('Origin');
    const exposed = res.headers.get('access-control-expose-headers')?.split(', ');
    expect(exposed).toEqual(expect.arrayContaining(['etag', 'x-trans-id', 'x-foo', 'x-bar']));
    expect(exposed).toContain('x-container-meta-access-control-allow-origin');
  });

  test('get an answer without CORS headers when the origin is not allowed', async () => {
    const { status, res } = await container({}).send('HEAD', '/v1/a/c', { headers: { origin: 'http://x' } });
    expect([status, res.headers.has('access-control-allow-origin')]).toEqual([204, false]);
  });

  test('get CORS headers all the same where the config is not strict', async () => {
    const fixture = proxyFixture(
      withAccount(() => ({ status: 204 })),
      { strict_cors_mode: 'no', cors_expose_headers: 'X-Own' },
    );
    const { res } = await fixture.send('HEAD', '/v1/a/c', { headers: { origin: 'http://x' } });
    expect(res.headers.get('access-control-allow-origin')).toBe('http://x');
    expect(res.headers.get('access-control-expose-headers')).toContain('X-Own');
  });

  test('may read a refusal', async () => {
    const headers = { origin: 'http://x', 'if-none-match': '"abc"', 'content-length': '0' };
    const { status, res } = await container({ 'allow-origin': '*' }).send('PUT', '/v1/a/c/o', { headers });
    expect([status, res.headers.get('access-control-allow-origin')]).toEqual([400, '*']);
  });

  test('ask the container once', async () => {
    const fixture = container({ 'allow-origin': '*' });
    await fixture.send('HEAD', '/v1/a/c', { headers: { origin: 'http://x' } });
    expect(fixture.nodes.requests.filter((request) => serverOf(request) === 'container')).toHaveLength(2);
  });
});
