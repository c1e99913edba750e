import { afterEach, describe, expect, test } from 'vitest';
import { SwiftResponse } from '../../../src/http/response.ts';
import { type ObjectServerFixture, objectServer } from './support.ts';

const PATH = '/sdb1/7/AUTH_test/c/%C3%A9';
let server: ObjectServerFixture;

afterEach(async () => {
  await server.host.close();
});

const CONTAINERS = {
  'x-container-partition': '3',
  'x-container-host': '127.0.0.1:6001,127.0.0.1:6002',
  'x-container-device': 'sda,sdb',
};
const PUT = { 'x-timestamp': '1700000010.00000', 'content-type': 'text/plain' };

function request(method: string, headers: Record<string, string>, body?: string): Promise<SwiftResponse> {
  return server.request(method, PATH, headers, body === undefined ? null : Buffer.from(body));
}

const refuse = (): SwiftResponse => new SwiftResponse(503, { 'content-length': '0' });

describe('container rows', () => {
  test('go to every container server that the proxy names', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    server.listen('127.0.0.1:6002');
    await request('PUT', { ...PUT, ...CONTAINERS, 'x-trans-id': 'tx1' }, 'hello');
    expect(server.rows.map((row) => [row.address, row.method, row.path])).toEqual([
      ['127.0.0.1:6001', 'PUT', '/sda/3/AUTH_test/c/%C3%A9'],
      ['127.0.0.1:6002', 'PUT', '/sdb/3/AUTH_test/c/%C3%A9'],
    ]);
    expect(Object.fromEntries(server.rows[0]?.headers ?? [])).toMatchObject({
      'x-size': '5',
      'x-etag': '5d41402abc4b2a76b9719d911017c592',
      'x-content-type': 'text/plain',
      'x-timestamp': '1700000010.00000',
      'x-trans-id': 'tx1',
      'x-backend-storage-policy-index': '0',
      referer: 'PUT http://localhost/sdb1/7/AUTH_test/c/%C3%A9',
      'user-agent': `object-server ${process.pid}`,
    });
    expect(await server.pending()).toEqual([]);
  });

  test('that are refused or lost are kept, and the client has its 201', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001', refuse);
    const response = await request(
      'PUT',
      { ...PUT, ...CONTAINERS, 'x-container-root-db-state': 'sharding', 'x-backend-storage-policy-index': '1' },
      'hello',
    );
    expect(response.status).toBe(201);
    const kept = await server.pending('sdb1', 1);
    expect(kept).toMatchObject([{ op: 'PUT', account: 'AUTH_test', container: 'c', obj: 'é', dbState: 'sharding' }]);
    expect(new Map(kept[0]?.headers).get('X-Size')).toBe('5');
    expect(server.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(2);
  });

  test('that take longer than container_update_timeout do not hold the client up, and are kept when they fail', async () => {
    server = objectServer({ conf: { container_update_timeout: '0.02' } });
    let release: (response: SwiftResponse) => void = () => undefined;
    server.listen('127.0.0.1:6001', () => new Promise((resolve) => (release = resolve)));
    const headers = { ...PUT, ...CONTAINERS, 'x-container-host': '127.0.0.1:6001', 'x-container-device': 'sda' };
    expect((await request('PUT', headers, 'hello')).status).toBe(201);
    expect(await server.pending()).toEqual([]);
    release(refuse());
    await server.host.close();
    expect(await server.pending()).toMatchObject([{ op: 'PUT', obj: 'é' }]);
  });

  test('go nowhere when hosts and devices do not match', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    await request('PUT', { ...PUT, ...CONTAINERS, 'x-container-device': 'sda' }, 'hello');
    expect(server.rows).toEqual([]);
    expect(await server.pending()).toEqual([]);
    expect(server.log.lines.some((line) => line.includes('different numbers of hosts and devices'))).toBe(true);
  });

  test('go to the shard that the proxy names, and are kept with its path under the root container', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    const quoted = { ...PUT, ...CONTAINERS, 'x-backend-quoted-container-path': '.shards_AUTH_test/c%2D%C3%A9' };
    await request('PUT', quoted, 'hello');
    expect(server.rows[0]?.path).toBe('/sda/3/.shards_AUTH_test/c-%C3%A9/%C3%A9');
    expect(await server.pending()).toMatchObject([{ container: 'c', containerPath: '.shards_AUTH_test/c-é' }]);
  });

  test('take their fields from overrides: sysmeta over backend headers', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    await request(
      'PUT',
      {
        ...PUT,
        ...CONTAINERS,
        'x-backend-container-update-override-etag': 'backend',
        'x-backend-container-update-override-size': '77',
        'x-object-sysmeta-container-update-override-etag': 'sysmeta',
        'x-object-sysmeta-container-update-override-content-type': 'x/y',
      },
      'hello',
    );
    expect(Object.fromEntries(server.rows[0]?.headers ?? [])).toMatchObject({
      'x-etag': 'sysmeta',
      'x-size': '77',
      'x-content-type': 'x/y',
    });
    server.rows.length = 0;
    await request('POST', { ...CONTAINERS, 'x-timestamp': '1700000020.00000', 'x-object-meta-a': '1' });
    expect(Object.fromEntries(server.rows[0]?.headers ?? [])).toMatchObject({
      'x-etag': 'sysmeta',
      'x-size': '5',
      'x-timestamp': '1700000010.00000',
      'x-meta-timestamp': '1700000020.00000',
      'x-content-type-timestamp': '1700000010.00000',
    });
  });

  test('of a POST keep the size that a large object put into its content type', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    await request('PUT', { ...PUT, 'content-type': 'text/plain;swift_bytes=123' }, 'manifest');
    await request('POST', { ...CONTAINERS, 'x-timestamp': '1700000020.00000', 'content-type': 'image/png' });
    expect(server.rows[0]?.headers.get('x-content-type')).toBe('image/png;swift_bytes=123');
    server.rows.length = 0;
    await request('POST', { ...CONTAINERS, 'x-timestamp': '1700000030.00000', 'x-object-meta-a': '1' });
    expect(server.rows[0]?.headers.get('x-content-type')).toBe('image/png;swift_bytes=123');
  });

  test('of a POST that fails are kept under the time of the metadata', async () => {
    server = objectServer();
    await request('PUT', PUT, 'hello');
    await request('POST', { ...CONTAINERS, 'x-timestamp': '1700000020.00000', 'x-object-meta-a': '1' });
    const times: string[] = [];
    for await (const entry of server.storage.asyncPending.entries('sdb1', 0)) times.push(entry.timestamp.internal);
    expect(times).toEqual(['1700000020.00000']);
  });

  test('of a DELETE are sent when the tombstone was written, also for what was not there', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    expect((await request('DELETE', { ...CONTAINERS, 'x-timestamp': '1700000020.00000' })).status).toBe(404);
    expect(server.rows.map((row) => row.method)).toEqual(['DELETE']);
    server.rows.length = 0;
    expect((await request('DELETE', { ...CONTAINERS, 'x-timestamp': '1700000015.00000' })).status).toBe(404);
    expect(server.rows).toEqual([]);
  });
});

describe('the queue of the expirer', () => {
  const EXPIRING = { ...PUT, 'x-delete-at': '1700090000' };
  const QUEUE = {
    'x-delete-at-container': '1700086400',
    'x-delete-at-partition': '9',
    'x-delete-at-host': '127.0.0.1:6001',
    'x-delete-at-device': 'sda',
  };

  test('gets a row for a new expiry, with the size of the object and the time of its data', async () => {
    server = objectServer();
    server.listen('127.0.0.1:6001');
    await request('PUT', { ...EXPIRING, ...QUEUE }, 'hello');
    expect(server.rows[0]?.path).toBe('/sda/9/.expiring_objects/1700086400/1700090000-AUTH_test/c/%C3%A9');
    expect(Object.fromEntries(server.rows[0]?.headers ?? [])).toMatchObject({
      'x-size': '0',
      'x-etag': 'd41d8cd98f00b204e9800998ecf8427e',
      'x-content-type': 'text/plain;swift_expirer_bytes=5',
      'x-content-type-timestamp': '1700000010.00000',
      'x-timestamp': '1700000010.00000',
      'x-backend-storage-policy-index': '0',
    });
  });

  test('without servers named, the row is kept under a container that the server works out', async () => {
    server = objectServer();
    await request('PUT', EXPIRING, 'hello');
    const [kept] = await server.pending();
    expect(kept).toMatchObject({ op: 'PUT', account: '.expiring_objects', obj: '1700090000-AUTH_test/c/é' });
    expect(Number(kept?.container)).toBeGreaterThan(1700006400 - 100);
    expect(Number(kept?.container)).toBeLessThanOrEqual(1700006400 + 86400);
  });

  test('a row that is no longer valid is taken out by way of async_pending, if the proxy says so', async () => {
    server = objectServer();
    await request('PUT', { ...EXPIRING, 'x-backend-replication': 'true' }, 'hello');
    expect(await server.pending()).toEqual([]);
    await request('POST', {
      'x-timestamp': '1700000015.00000',
      'x-delete-at': '1700090001',
      'x-backend-clean-expiring-object-queue': 'f',
      ...QUEUE,
    });
    expect((await server.pending()).map((update) => update.op)).toEqual(['PUT']);
    await request('DELETE', { 'x-timestamp': '1700000020.00000', 'x-backend-clean-expiring-object-queue': 't' });
    const taken = (await server.pending()).filter((update) => update.op === 'DELETE');
    expect(taken.map((update) => update.obj)).toEqual(['1700090001-AUTH_test/c/é']);
  });

  test('a PUT with the same expiry changes nothing in the queue', async () => {
    server = objectServer();
    await request('PUT', { ...EXPIRING, 'x-backend-replication': 'true' }, 'hello');
    await request('PUT', { ...EXPIRING, 'x-timestamp': '1700000011.00000' }, 'hello');
    expect(await server.pending()).toEqual([]);
  });

  test('its account and the span of its containers are the operator’s', async () => {
    server = objectServer({
      conf: { expiring_objects_account_name: 'queue', expiring_objects_container_divisor: '1000' },
    });
    await request('PUT', EXPIRING, 'hello');
    const [kept] = await server.pending();
    expect(kept?.account).toBe('.queue');
    expect(Number(kept?.container)).toBeGreaterThan(1700090000 - 100);
  });
});
