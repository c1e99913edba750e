import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, ask, databaseServers, type DatabaseServers } from '../container/support.ts';

let servers: DatabaseServers;
beforeEach(() => {
  servers = databaseServers();
});
afterEach(() => servers.close());

const T = { 'x-timestamp': '1795352764.00000' };
const ROW = { 'x-put-timestamp': '2', 'x-delete-timestamp': '1', 'x-object-count': 3, 'x-bytes-used': 9 };

function call(
  method: string,
  path: string,
  headers: Record<string, string | number> = {},
  body?: string,
): Promise<Answer> {
  return ask(servers.account, method, `/sdb1/1/${path}`, headers, body);
}

async function status(...args: Parameters<typeof call>): Promise<number> {
  return (await call(...args)).status;
}

test.each<[string, string, Record<string, string | number>, number, string]>([
  ['PUT', 'a%00', T, 400, 'Invalid reserved-namespace account'],
  ['PUT', 'AUTH_a/a%00', ROW, 400, 'Invalid reserved-namespace container'],
  ['PUT', 'AUTH_a/c/o', T, 400, 'Invalid path: /sdb1/1/AUTH_a/c/o'],
  ['DELETE', 'AUTH_a/c', T, 400, 'Invalid path: /sdb1/1/AUTH_a/c'],
  ['DELETE', 'AUTH_a', {}, 400, 'Missing X-Timestamp header'],
  ['GET', 'AUTH_a?limit=10001', {}, 412, 'Maximum limit is 10000'],
  ['GET', 'AUTH_a?marker=%ff', {}, 400, '"marker" parameter not valid UTF-8'],
  ['PUT', 'AUTH_a/c', { 'x-put-timestamp': '2' }, 400, 'Missing or invalid X-Delete-Timestamp header'],
  ['PUT', 'AUTH_a/c', { ...ROW, 'x-put-timestamp': 'zz' }, 400, 'Missing or invalid X-Put-Timestamp header'],
])('%s %s with %j gets %i', async (method, path, headers, expected, text) => {
  const answer = await call(method, path, headers);
  expect([answer.status, answer.body]).toEqual([expected, text]);
});

test('UPDATE is no verb of an account server', async () => {
  expect(await status('UPDATE', 'AUTH_a', T)).toBe(405);
});

test('a missing device gets 507', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
    expect((await ask(servers.account, method, '/sdb9/1/AUTH_a', T)).status).toBe(507);
  }
});

test('an account that was never there is 404 without page and status', async () => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await call(method, 'AUTH_none', T);
    expect([method, answer.status, answer.body, answer.headers.get('x-account-status')]).toEqual([
      method,
      404,
      '',
      undefined,
    ]);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  }
});

test('a deleted account says so, and refuses what is put into it', async () => {
  await call('PUT', 'AUTH_a', T);
  await call('PUT', 'AUTH_a/c', ROW);
  const gone = await call('DELETE', 'AUTH_a', { 'x-timestamp': '1795352765' });
  expect([gone.status, gone.headers.get('x-account-status')]).toEqual([204, 'Deleted']);
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
    const answer = await call(method, 'AUTH_a', { 'x-timestamp': '1795352766' });
    expect([method, answer.status, answer.headers.get('x-account-status')]).toEqual([method, 404, 'Deleted']);
  }
  const put = await call('PUT', 'AUTH_a', { 'x-timestamp': '1795352799' });
  expect([put.status, put.body, put.headers.get('x-account-status')]).toEqual([403, 'Recently deleted', 'Deleted']);
  expect(await status('PUT', 'AUTH_a/c2', ROW)).toBe(404);
  expect(await status('PUT', 'AUTH_a/c2', { ...ROW, 'x-account-override-deleted': 'yes' })).toBe(201);
});

test('a row that says deleted is answered with 204, by the order of the texts', async () => {
  await call('PUT', 'AUTH_a', T);
  expect(await status('PUT', 'AUTH_a/c1', ROW)).toBe(201);
  expect(await status('PUT', 'AUTH_a/c2', { ...ROW, 'x-delete-timestamp': '3' })).toBe(204);
  expect(await status('PUT', 'AUTH_a/c3', { ...ROW, 'x-delete-timestamp': '10' })).toBe(201);
});

test('the first row makes an internal account, with the time of the request or of now', async () => {
  expect(await status('PUT', 'AUTH_a/c', ROW)).toBe(404);
  expect(await status('PUT', '.now/c', ROW)).toBe(201);
  expect(await status('PUT', '.then/c', { ...ROW, 'x-timestamp': '3.5' })).toBe(201);
  expect((await call('HEAD', '.now')).headers.get('x-put-timestamp')).toBe('1795352764.00000');
  expect((await call('HEAD', '.then')).headers.get('x-put-timestamp')).toBe('0000000003.50000');
});

test('a count that is too large for a number leaves the account readable', async () => {
  await call('PUT', 'AUTH_a', T);
  expect(await status('PUT', 'AUTH_a/c', { ...ROW, 'x-object-count': '9007199254740993' })).toBe(201);
  const answer = await call('GET', 'AUTH_a?format=json');
  expect([answer.status, answer.headers.get('x-account-object-count')]).toEqual([200, '9007199254740991']);
});

describe('listings', () => {
  beforeEach(async () => {
    await call('PUT', 'AUTH_b', T);
    await call('PUT', 'AUTH_b/c1', ROW);
    await call('PUT', 'AUTH_b/c2', { ...ROW, 'x-backend-storage-policy-index': 1 });
    await call('PUT', 'AUTH_b/c3', { ...ROW, 'x-delete-timestamp': '3', 'x-object-count': 0, 'x-bytes-used': 0 });
  });

  test('totals are given for the account and for each policy that is known', async () => {
    const { headers } = await call('HEAD', 'AUTH_b');
    expect(headers.toTitled().filter(([name]) => name.startsWith('X-Account-'))).toEqual([
      ['X-Account-Container-Count', '2'],
      ['X-Account-Object-Count', '6'],
      ['X-Account-Bytes-Used', '18'],
      ['X-Account-Storage-Policy-Gold-Container-Count', '1'],
      ['X-Account-Storage-Policy-Gold-Object-Count', '3'],
      ['X-Account-Storage-Policy-Gold-Bytes-Used', '9'],
      ['X-Account-Storage-Policy-Silver-Container-Count', '1'],
      ['X-Account-Storage-Policy-Silver-Object-Count', '3'],
      ['X-Account-Storage-Policy-Silver-Bytes-Used', '9'],
    ]);
  });

  test('JSON names the policy of each container', async () => {
    expect((await call('GET', 'AUTH_b?format=json&limit=2')).body).toBe(
      '[{"name": "c1", "count": 3, "bytes": 9, "last_modified": "1970-01-01T00:00:02.000000", "storage_policy": "gold"}, ' +
        '{"name": "c2", "count": 3, "bytes": 9, "last_modified": "1970-01-01T00:00:02.000000", "storage_policy": "silver"}]',
    );
  });

  test('XML and plain text', async () => {
    expect((await call('GET', 'AUTH_b', { accept: 'text/plain' })).body).toBe('c1\nc2\n');
    const xml = await call('GET', 'AUTH_b?format=xml&delimiter=1');
    expect(xml.headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(xml.body).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<account name="AUTH_b">\n<subdir name="c1" \/>\n/,
    );
  });

  test('nothing to list is 204 in plain text and an empty document else', async () => {
    expect(await status('GET', 'AUTH_b?prefix=zzz')).toBe(204);
    expect((await call('GET', 'AUTH_b?prefix=zzz&format=json')).body).toBe('[]');
    expect((await call('GET', 'AUTH_b?prefix=zzz&format=xml')).body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<account name="AUTH_b">\n</account>',
    );
  });
});

test('a REPLICATE of a database that is not there, or whose name is no hash, gets 404', async () => {
  const message = '["sync", 1, "h", "id", "1", "1", "0", ""]';
  expect(await status('REPLICATE', '0'.repeat(32), {}, message)).toBe(404);
  expect(await status('REPLICATE', '..', {}, message)).toBe(404);
  expect(await status('REPLICATE', '0'.repeat(32), {}, '{}')).toBe(400);
});
