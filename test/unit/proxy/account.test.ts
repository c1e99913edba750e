import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../../src/http/memory-cache.ts';
import { EXISTING_ACCOUNT, proxyFixture } from './proxy-fixture.ts';
import type { ScriptedAnswer } from './scripted-nodes.ts';

const MANAGED = { allow_account_management: 'yes', account_autocreate: 'yes' };
const MISSING: ScriptedAnswer = { status: 404 };
const DELETED: ScriptedAnswer = { status: 404, headers: { 'x-account-status': 'Deleted' } };
const never = (): never => {
  throw new Error('no node is to be asked');
};

describe('reading an account', () => {
  test('asks its node for JSON, whatever the client wants, and passes its parameters on', async () => {
    const fixture = proxyFixture(() => ({ status: 200, body: '[]', headers: { 'content-type': 'application/json' } }));
    const { text, res } = await fixture.send('GET', '/v1/a?format=xml&prefix=x%20y&marker=%E6%BC%A2');
    expect(text).toBe('[]');
    expect(res.headers.get('content-type')).toBe('application/json');
    expect(fixture.nodes.requests[0]?.target).toMatch(/^\/d0\/\d+\/a\?format=json&prefix=x%20y&marker=%E6%BC%A2$/);
  });

  test('that does not exist answers an empty listing where accounts are made at need', async () => {
    const fixture = proxyFixture(() => MISSING, MANAGED);
    const { status, text, res } = await fixture.send('GET', '/v1/a');
    expect([status, text]).toEqual([200, '[]']);
    expect(res.headers.get('x-account-container-count')).toBe('0');
    expect(res.headers.get('x-timestamp')).toMatch(/^\d{10}\.\d{5}$/);
  });

  test('that does not exist is 404 where they are not', async () => {
    expect((await proxyFixture(() => MISSING).send('GET', '/v1/a')).status).toBe(404);
  });

  test('that was deleted is 410, made at need or not', async () => {
    expect((await proxyFixture(() => DELETED, MANAGED).send('HEAD', '/v1/a')).status).toBe(410);
  });

  test('is remembered in the cache, an absence for a tenth of the time', async () => {
    const calls: unknown[] = [];
    const cache = new MemoryCache();
    const set = cache.set.bind(cache);
    cache.set = (key, value, ttl) => {
      calls.push([key, ttl]);
      return set(key, value, ttl);
    };
    await proxyFixture(() => EXISTING_ACCOUNT).send('HEAD', '/v1/a', { env: { cache } });
    await proxyFixture(() => MISSING, { recheck_account_existence: '50' }).send('HEAD', '/v1/a', { env: { cache } });
    expect(calls).toEqual([
      ['account/a', 60],
      ['account/a', 5],
    ]);
  });

  test('shows the ACL and keys to owners alone', async () => {
    const headers = {
      'x-account-sysmeta-core-access-control': '{"read-only":["z"],"admin":["\\u00e9"]}',
      'x-account-meta-temp-url-key': 'k',
    };
    const fixture = proxyFixture(() => ({ status: 204, headers }));
    const owner = await fixture.send('HEAD', '/v1/a');
    expect(owner.res.headers.get('x-account-access-control')).toBe('{"admin":["\\u00e9"],"read-only":["z"]}');
    expect(owner.res.headers.get('x-account-meta-temp-url-key')).toBe('k');
    expect(owner.res.headers.has('x-account-sysmeta-core-access-control')).toBe(false);
    const other = await fixture.send('HEAD', '/v1/a', { env: { swiftOwner: false } });
    expect(other.res.headers.has('x-account-access-control')).toBe(false);
    expect(other.res.headers.has('x-account-meta-temp-url-key')).toBe(false);
  });

  test('with a name that is too long is 400', async () => {
    const { status, text } = await proxyFixture(never).send('GET', `/v1/${'a'.repeat(257)}`);
    expect([status, text]).toEqual([400, 'Account name length of 257 longer than 256']);
  });

  test('counts the characters of a name, not their bytes', async () => {
    const name = encodeURIComponent('𝄞'.repeat(256));
    expect((await proxyFixture(() => EXISTING_ACCOUNT).send('HEAD', `/v1/${name}`)).status).toBe(204);
  });
});

describe('writing an account', () => {
  test('is 405 without those methods where users do not manage accounts', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const { status, res } = await proxyFixture(never).send(method, '/v1/a');
      expect([status, res.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
    }
  });

  test('is 400 by a path with a blank container, by which the account can only be read', async () => {
    const fixture = proxyFixture(() => EXISTING_ACCOUNT, MANAGED);
    for (const method of ['PUT', 'POST', 'DELETE']) expect((await fixture.send(method, '/v1/a//')).status).toBe(400);
    expect(fixture.nodes.requests).toEqual([]);
    expect((await fixture.send('HEAD', '/v1/a//')).status).toBe(204);
  });

  test('sends metadata, system metadata and removals, and nothing else of the client', async () => {
    const fixture = proxyFixture(() => ({ status: 204 }));
    await fixture.send('POST', '/v1/a', {
      headers: {
        'x-account-meta-a': 'b',
        'x-account-sysmeta-c': 'd',
        'x-remove-account-meta-e': 'whatever',
        'x-container-meta-x': 'y',
        'x-auth-token': 't',
        'x-backend-foo': 'bar',
      },
    });
    expect(fixture.nodes.requests).toHaveLength(3);
    expect(Object.fromEntries(fixture.nodes.requests[0]?.headers ?? [])).toEqual({
      'x-backend-foo': 'bar',
      'x-account-meta-a': 'b',
      'x-account-sysmeta-c': 'd',
      'x-account-meta-e': '',
      'x-timestamp': '1795352767.67140',
      'x-trans-id': 'tx1',
      'user-agent': 'proxy-server 42',
      referer: 'POST http://swift.example/v1/a',
      host: '127.0.0.1:6002',
    });
  });

  test('keeps a timestamp that it was given, offset and all', async () => {
    const fixture = proxyFixture(() => ({ status: 204 }));
    await fixture.send('POST', '/v1/a', { headers: { 'x-timestamp': '1500000000.1_00f' } });
    expect(fixture.nodes.requests[0]?.headers.get('x-timestamp')).toBe('1500000000.10000_000000000000000f');
    const bad = await fixture.send('POST', '/v1/a', { headers: { 'x-timestamp': 'now' } });
    expect(bad.status).toBe(400);
  });

  test('makes the account and tries again when a POST finds none', async () => {
    let made = false;
    const fixture = proxyFixture(({ method }) => {
      if (method === 'PUT') made = true;
      return { status: made ? (method === 'PUT' ? 201 : 204) : 404 };
    }, MANAGED);
    const { status } = await fixture.send('POST', '/v1/a', { headers: { 'x-account-sysmeta-x': 'y' } });
    expect(status).toBe(204);
    const put = fixture.nodes.requests.find(({ method }) => method === 'PUT');
    expect(Object.fromEntries(put?.headers ?? [])).toEqual({
      'x-timestamp': '1795352767.67140',
      'x-trans-id': 'tx1',
      'x-openstack-request-id': 'tx1',
      'x-account-sysmeta-x': 'y',
      host: '127.0.0.1:6002',
    });
  });

  test('refuses metadata beyond the limits', async () => {
    const headers = { [`x-account-meta-${'n'.repeat(129)}`]: 'x' };
    expect((await proxyFixture(never, MANAGED).send('PUT', '/v1/a', { headers })).status).toBe(400);
    expect((await proxyFixture(never, MANAGED).send('POST', '/v1/a', { headers })).status).toBe(400);
  });

  test('does not take a DELETE with a query for one of the account', async () => {
    expect((await proxyFixture(never, MANAGED).send('DELETE', '/v1/a?bulk-delete')).status).toBe(400);
  });

  test('forgets what the cache knew', async () => {
    for (const method of ['PUT', 'POST', 'DELETE']) {
      const cache = new MemoryCache();
      await cache.set('account/a', { status: 204 }, 60);
      await proxyFixture(() => ({ status: 204 }), MANAGED).send(method, '/v1/a', { env: { cache } });
      expect(await cache.get('account/a')).toBeUndefined();
    }
  });
});
