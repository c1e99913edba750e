import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../../src/http/memory-cache.ts';
import { EXISTING_ACCOUNT, proxyFixture, serverOf, withAccount } from './proxy-fixture.ts';
import type { NodeScript } from './scripted-nodes.ts';

const never = (): never => {
  throw new Error('no container server is to be asked');
};

describe('writing a container', () => {
  test('tells each of its servers an account server to tell', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 201 })));
    const { status } = await fixture.send('PUT', '/v1/a/c');
    expect(status).toBe(201);
    const puts = fixture.nodes.requests.filter(({ method }) => method === 'PUT');
    const told = puts.map(({ headers }) => [
      headers.get('x-account-host'),
      headers.get('x-account-device'),
      headers.get('x-account-partition') !== undefined,
    ]);
    expect(told).toEqual([
      ['127.0.0.1:6002', 'd0', true],
      ['127.0.0.1:6003', 'd1', true],
      ['127.0.0.1:6004', 'd2', true],
    ]);
    expect(new Set(puts.map(({ headers }) => headers.get('x-timestamp'))).size).toBe(1);
  });

  test('names the policy by its index, and the default as what it is', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 201 })));
    await fixture.send('PUT', '/v1/a/c', { headers: { 'x-storage-policy': 'SILVER' } });
    const named = fixture.nodes.requests.at(-1)?.headers;
    expect(named?.get('x-backend-storage-policy-index')).toBe('1');
    expect(named?.has('x-backend-storage-policy-default')).toBe(false);
    await fixture.send('PUT', '/v1/a/c');
    const unnamed = fixture.nodes.requests.at(-1)?.headers;
    expect(unnamed?.get('x-backend-storage-policy-default')).toBe('0');
  });

  test.each([
    ['nope', "Invalid X-Storage-Policy 'nope'", 'text/plain'],
    ['old', "Storage Policy 'old' is deprecated", 'text/html; charset=UTF-8'],
  ])('refuses the policy %s', async (name, text, type) => {
    const answer = await proxyFixture(never).send('PUT', '/v1/a/c', { headers: { 'x-storage-policy': name } });
    expect([answer.status, answer.text, answer.res.headers.get('content-type')]).toEqual([400, text, type]);
  });

  test('passes metadata, ACLs, sync and versions on, emptied when they are removed', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    await fixture.send('POST', '/v1/a/c', {
      headers: {
        'x-container-meta-a': 'Ã©',
        'x-container-sysmeta-b': 'c',
        'x-container-read': '.r:*',
        'x-remove-container-write': 'x',
        'x-container-sync-to': 'to',
        'x-container-sync-key': 'key',
        'x-remove-versions-location': 'x',
        'x-remove-container-meta-d': 'x',
        'x-object-meta-e': 'f',
        'x-auth-token': 't',
      },
    });
    const { headers } = fixture.nodes.requests.at(-1) as { headers: Iterable<[string, string]> };
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-container-meta-a': 'Ã©',
      'x-container-sysmeta-b': 'c',
      'x-container-read': '.r:*',
      'x-container-write': '',
      'x-container-sync-to': 'to',
      'x-container-sync-key': 'key',
      'x-versions-location': '',
      'x-container-meta-d': '',
    });
    for (const name of ['x-object-meta-e', 'x-auth-token', 'x-remove-container-write']) {
      expect(new Map(headers).has(name)).toBe(false);
    }
  });

  test('lets only owners change ACLs and keys', async () => {
    for (const method of ['PUT', 'POST']) {
      const fixture = proxyFixture(withAccount(() => ({ status: 201 })));
      await fixture.send(method, '/v1/a/c', {
        headers: { 'x-container-read': '.r:*', 'x-container-meta-temp-url-key': 'k', 'x-container-meta-a': 'b' },
        env: { swiftOwner: false },
      });
      const headers = fixture.nodes.requests.at(-1)?.headers;
      expect([headers?.has('x-container-read'), headers?.has('x-container-meta-temp-url-key')]).toEqual([false, false]);
      expect(headers?.get('x-container-meta-a')).toBe('b');
    }
  });

  test('puts ACLs into canonical form, UTF-8 as it is, and refuses bad ones with the reason', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 201 })));
    const cleanAcl = (name: string, value: string): string => {
      if (value === 'bad') throw new Error(`Unknown designator in ${name}`);
      return value.replaceAll(' ', '');
    };
    await fixture.send('PUT', '/v1/a/c', { headers: { 'x-container-read': 'Ã© , b' }, env: { cleanAcl } });
    expect(fixture.nodes.requests.at(-1)?.headers.get('x-container-read')).toBe('Ã©,b');
    const bad = await proxyFixture(never).send('POST', '/v1/a/c', {
      headers: { 'x-container-write': 'bad' },
      env: { cleanAcl },
    });
    expect([bad.status, bad.text]).toEqual([400, 'Unknown designator in x-container-write']);
  });

  test('shows operators whether it may be sharded', async () => {
    for (const [sysmeta, shown] of [
      ['True', 'True'],
      ['banana', 'False'],
      [undefined, 'False'],
    ] as const) {
      const headers = sysmeta === undefined ? {} : { 'x-container-sysmeta-sharding': sysmeta };
      const fixture = proxyFixture(withAccount(() => ({ status: 204, headers })));
      for (const method of ['GET', 'HEAD']) {
        const operator = await fixture.send(method, '/v1/a/c', { env: { resellerRequest: true } });
        expect(operator.res.headers.get('x-container-sharding')).toBe(shown);
        const user = await fixture.send(method, '/v1/a/c');
        expect(user.res.headers.has('x-container-sharding')).toBe(false);
      }
    }
  });

  test('lets resellers switch sharding on', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 204 })));
    const headers = { 'x-container-sharding': 'on' };
    await fixture.send('POST', '/v1/a/c', { headers, env: { resellerRequest: true } });
    expect(fixture.nodes.requests.at(-1)?.headers.get('x-container-sysmeta-sharding')).toBe('True');
    await fixture.send('POST', '/v1/a/c', { headers });
    expect(fixture.nodes.requests.at(-1)?.headers.has('x-container-sysmeta-sharding')).toBe(false);
  });

  test('refuses names that are too long, internal ones only at twice the length', async () => {
    const long = 'c'.repeat(257);
    const answer = await proxyFixture(never).send('PUT', `/v1/a/${long}`);
    expect([answer.status, answer.text]).toEqual([400, 'Container name length of 257 longer than 256']);
    const internal = proxyFixture(withAccount(() => ({ status: 201 })));
    expect((await internal.send('PUT', `/v1/.a/${long}`)).status).toBe(201);
  });

  test('makes the account first where accounts are made at need', async () => {
    let made = false;
    const script: NodeScript = (request) => {
      if (serverOf(request) === 'container') return { status: 201 };
      if (request.method === 'PUT') {
        made = true;
        return { status: 201 };
      }
      return made ? EXISTING_ACCOUNT : { status: 404 };
    };
    const fixture = proxyFixture(script, { account_autocreate: 'yes' });
    expect((await fixture.send('PUT', '/v1/a/c')).status).toBe(201);
    const puts = fixture.nodes.requests.filter(({ method }) => method === 'PUT').map(serverOf);
    expect(puts).toEqual(['account', 'account', 'account', 'container', 'container', 'container']);
  });

  test('is 503 when the account cannot be made, 404 where it is not to be made', async () => {
    const script: NodeScript = (request) =>
      serverOf(request) === 'container' ? never() : { status: request.method === 'PUT' ? 403 : 404 };
    expect((await proxyFixture(script, { account_autocreate: 'yes' }).send('PUT', '/v1/a/c')).status).toBe(503);
    for (const method of ['PUT', 'POST', 'DELETE']) {
      expect((await proxyFixture(script).send(method, '/v1/a/c')).status).toBe(404);
    }
  });

  test('is 403 when the account has as many containers as it may have', async () => {
    const conf = { max_containers_per_account: '7' };
    const script = withAccount(({ method }) => ({ status: method === 'HEAD' ? 404 : 201 }));
    const { status, text } = await proxyFixture(script, conf).send('PUT', '/v1/a/c');
    expect([status, text]).toEqual([403, 'Reached container limit of 7']);
    const existing = withAccount(({ method }) => ({ status: method === 'HEAD' ? 204 : 202 }));
    expect((await proxyFixture(existing, conf).send('PUT', '/v1/a/c')).status).toBe(202);
    const whitelisted = { ...conf, max_containers_whitelist: 'a, b' };
    expect((await proxyFixture(script, whitelisted).send('PUT', '/v1/a/c')).status).toBe(201);
  });

  test('that no server has is 404 to DELETE', async () => {
    expect((await proxyFixture(withAccount(() => ({ status: 202 }))).send('DELETE', '/v1/a/c')).status).toBe(404);
  });

  test('forgets what the cache knew of it and its shards', async () => {
    for (const method of ['PUT', 'POST', 'DELETE']) {
      const cache = new MemoryCache();
      await cache.set('container/a/c', { status: 204 }, 60);
      await cache.set('shard-listing-v2/a/c', [], 60);
      await proxyFixture(withAccount(() => ({ status: 204 }))).send(method, '/v1/a/c', { env: { cache } });
      expect([await cache.get('container/a/c'), await cache.get('shard-listing-v2/a/c')]).toEqual([
        undefined,
        undefined,
      ]);
      expect(await cache.get('account/a')).toBeDefined();
    }
  });
});

describe('reading a container', () => {
  test('names its policy and hides what owners alone may see', async () => {
    const headers = {
      'x-backend-storage-policy-index': '1',
      'x-container-read': '.r:*',
      'x-container-sync-key': 'k',
      'x-container-meta-a': 'b',
    };
    const fixture = proxyFixture(withAccount(() => ({ status: 204, headers })));
    const owner = await fixture.send('HEAD', '/v1/a/c');
    expect([owner.res.headers.get('x-storage-policy'), owner.res.headers.get('x-container-sync-key')]).toEqual([
      'silver',
      'k',
    ]);
    const other = await fixture.send('HEAD', '/v1/a/c', { env: { swiftOwner: false } });
    expect([other.res.headers.has('x-container-read'), other.res.headers.has('x-container-sync-key')]).toEqual([
      false,
      false,
    ]);
    expect(other.res.headers.get('x-container-meta-a')).toBe('b');
  });

  test('of an internal account does not ask for the account', async () => {
    const fixture = proxyFixture((request) => (serverOf(request) === 'account' ? never() : { status: 204 }));
    expect((await fixture.send('HEAD', '/v1/.expiring_objects/c')).status).toBe(204);
  });

  test('that breaks off in the middle of a listing breaks the answer', async () => {
    const fixture = proxyFixture(withAccount(() => ({ status: 200, body: '[1,2,3,4,5]', breakAfterBytes: 7 })));
    await expect(fixture.send('GET', '/v1/a/c')).rejects.toMatchObject({
      status: 503,
      cause: { message: 'ECONNRESET' },
    });
  });
});

describe('rows from a filter', () => {
  const rows = Buffer.from('[]');

  test('go to every server of the container, with the policy that the filter names', async () => {
    const fixture = proxyFixture(() => ({ status: 202 }));
    const headers = { 'x-backend-allow-private-methods': 'True', 'x-backend-storage-policy-index': '0' };
    const { status } = await fixture.send('UPDATE', '/v1/.expiring_objects/1', { headers, body: rows });
    expect(status).toBe(202);
    const updates = fixture.nodes.requests.filter(({ method }) => method === 'UPDATE');
    expect(updates.length).toBe(3);
    for (const update of updates) {
      expect(update.headers.get('x-backend-storage-policy-index')).toBe('0');
      expect(update.headers.has('x-timestamp')).toBe(true);
      expect(update.headers.has('x-account-host')).toBe(false);
    }
  });

  test('are refused of everybody else, as a method that containers do not have', async () => {
    const { status, res } = await proxyFixture(never).send('UPDATE', '/v1/a/c', { body: rows });
    expect([status, res.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, POST, PUT']);
  });
});
