import { expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/gatekeeper.ts';
import { SwiftResponse } from '../../../src/middleware-api.ts';
import { exchange, titled } from './small-filters.ts';

// What Python Swift's filter removed and kept of these, in both directions.
const REMOVED = [
  'X-Account-Sysmeta-A',
  'X-Container-Sysmeta-',
  'X-Object-Sysmeta-Foo',
  'X-Object-Transient-Sysmeta-X',
  'X-Object-Transient-Sysmeta-',
  'X-Backend-X',
  'X-Backend',
  'X-Backendfoo',
  'X-Backend-Replication',
  'X-Backend-Open-Expired',
];
const KEPT = [
  'X-Container-Sysmeta',
  'X-Account-Meta-Sysmeta-A',
  'X-Object-Meta-A',
  'X-Container-Shard-X',
  'X-Symlink-Target',
  'X-Open-Expired',
  'X-Sysmeta-A',
  'X-Object-Sysmetafoo',
  'Etag',
  'Location',
];

function headers(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, 'v']));
}

test('internal headers of a client never reach the pipeline, others do', async () => {
  const { seen } = await exchange(filterFactory, '/v1/a/c/o', { headers: headers([...REMOVED, ...KEPT]) });
  expect(titled(seen)).toEqual(headers(KEPT));
});

test('internal headers of an answer never reach the client, others do', async () => {
  const { res } = await exchange(filterFactory, '/v1/a/c/o', {
    app: () => Promise.resolve(new SwiftResponse(200, headers([...REMOVED, ...KEPT, 'X-Timestamp']))),
  });
  expect(titled(res)).toEqual(headers([...KEPT, 'X-Timestamp']));
});

test("a client's timestamp is moved away, over one that it planted there", async () => {
  const sent = { 'X-Timestamp': '1', 'X-Backend-Inbound-X-Timestamp': '2' };
  const { seen } = await exchange(filterFactory, '/v1/a', { headers: sent });
  expect(titled(seen)).toEqual({ 'X-Backend-Inbound-X-Timestamp': '1' });
});

test("a client's timestamp stays where shunt_inbound_x_timestamp is false", async () => {
  const conf = { shunt_inbound_x_timestamp: 'false' };
  const { seen } = await exchange(filterFactory, '/v1/a', { conf, headers: { 'X-Timestamp': '1' } });
  expect(titled(seen)).toEqual({ 'X-Timestamp': '1' });
});

test('X-Allow-Reserved-Names has a meaning only where it is allowed, and then as it was sent', async () => {
  const sent = { 'X-Allow-Reserved-Names': 'false' };
  expect(titled((await exchange(filterFactory, '/v1/a', { headers: sent })).seen)).toEqual(sent);
  const conf = { allow_reserved_names_header: 'true' };
  const { seen } = await exchange(filterFactory, '/v1/a', { conf, headers: sent });
  expect(titled(seen)).toEqual({ 'X-Backend-Allow-Reserved-Names': 'false' });
});

test('what was removed is told in the log at debug level', async () => {
  const { log } = await exchange(filterFactory, '/v1/a', { headers: { 'X-Backend-X': 'v' } });
  expect(log.lines).toEqual(['debug removed request headers: x-backend-x']);
});
