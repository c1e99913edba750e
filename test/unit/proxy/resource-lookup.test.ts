import { expect, test } from 'vitest';
import { MemoryCache } from '../../../src/http/memory-cache.ts';
import { proxyFixture, serverOf, withAccount } from './proxy-fixture.ts';

const CONTAINER = { status: 204, headers: { 'x-backend-storage-policy-index': '0' }, body: '' };

/** Kinds of servers that were asked, of requests that came after others had filled the cache. */
async function asked(conf: Record<string, string>, random: number): Promise<string[]> {
  const proxy = proxyFixture(
    withAccount((request) => (serverOf(request) === 'container' ? CONTAINER : { status: 404, body: '' })),
    { account_autocreate: 'no', ...conf },
    { random: () => random },
  );
  const cache = new MemoryCache();
  const headers = { 'content-length': '0' };
  await proxy.send('HEAD', '/v1/a', { env: { cache } });
  await proxy.send('HEAD', '/v1/a/c', { env: { cache } });
  proxy.nodes.requests.length = 0;
  await proxy.send('GET', '/v1/a/c/o', { env: { cache } });
  const byObject = proxy.nodes.requests.map(serverOf).filter((kind) => kind !== 'object');
  proxy.nodes.requests.length = 0;
  await proxy.send('PUT', '/v1/a/c', { headers, env: { cache } });
  return [...byObject, ...proxy.nodes.requests.map(serverOf).filter((kind) => kind === 'account')];
}

test('what is cached of accounts and containers is not asked again', async () => {
  expect(await asked({}, 0)).toEqual([]);
});

test('a share of the lookups passes over the cache', async () => {
  const conf = { account_existence_skip_cache_pct: '10', container_existence_skip_cache_pct: '10' };
  // The container's own lookup asks for its account.
  expect(await asked(conf, 0.09)).toEqual(['account', 'container', 'account']);
  expect(await asked(conf, 0.11)).toEqual([]);
});
