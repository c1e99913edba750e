import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ClientDisconnect } from '../../../src/http/errors.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { type StorageErrorCode, StorageError } from '../../../src/obj/storage.ts';
import { type ObjectServerFixture, objectServer } from './support.ts';

const PATH = '/sdb1/7/AUTH_test/c/o';
let server: ObjectServerFixture;

afterEach(async () => {
  await server.host.close();
});

const stamp = (seconds: number): string => `17000000${String(seconds).padStart(2, '0')}.00000`;

async function put(seconds: number, body = 'hello', headers: Record<string, string> = {}): Promise<SwiftResponse> {
  return server.request(
    'PUT',
    PATH,
    { 'x-timestamp': stamp(seconds), 'content-type': 'text/plain', ...headers },
    Buffer.from(body),
  );
}

describe('PUT', () => {
  test('stores metadata, sysmeta and allowed headers, and nothing else', async () => {
    server = objectServer();
    await put(10, 'hello', {
      'x-object-meta-color': 'blue',
      'x-object-sysmeta-s': '1',
      'x-object-transient-sysmeta-t': '2',
      'cache-control': 'no-store',
      'x-backend-secret': 'x',
      'x-object-meta-': '',
    }).then((response) => expect(response.status).toBe(400));
    const response = await put(10, 'hello', {
      'x-object-meta-color': 'blue',
      'x-object-sysmeta-s': '1',
      'x-object-transient-sysmeta-t': '2',
      'cache-control': 'no-store',
      'x-backend-secret': 'x',
      'x-trans-id': 'tx1',
    });
    expect([response.status, response.headers.get('etag')]).toEqual([201, '"5d41402abc4b2a76b9719d911017c592"']);
    const found = await server.request('GET', PATH);
    expect(await found.text()).toBe('hello');
    expect(found.headers.get('x-object-meta-color')).toBe('blue');
    expect(found.headers.get('x-object-sysmeta-s')).toBe('1');
    expect(found.headers.get('x-object-transient-sysmeta-t')).toBe('2');
    expect(found.headers.get('cache-control')).toBe('no-store');
    expect(found.headers.has('x-backend-secret')).toBe(false);
    expect(found.headers.has('x-trans-id')).toBe(false);
  });

  test('allowed_headers replaces the list of headers that are stored', async () => {
    server = objectServer({ conf: { allowed_headers: 'X-Special, Etag' } });
    await put(10, 'hello', { 'x-special': '1', 'cache-control': 'no-store' });
    const found = await server.request('HEAD', PATH);
    expect(found.headers.get('x-special')).toBe('1');
    expect(found.headers.has('cache-control')).toBe(false);
  });

  test('a replicating request names further headers to store', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-odd': '1', 'x-backend-replication-headers': 'x-odd x-absent etag' });
    expect((await server.request('HEAD', PATH)).headers.has('x-odd')).toBe(false);
    const metadata = (
      await server.storage
        .object({ device: 'sdb1', partition: '7', account: 'AUTH_test', container: 'c', object: 'o', policyIndex: 0 })
        .open({ nowSeconds: 0 })
    ).metadata;
    expect(metadata.get('X-Odd')).toBe('1');
    expect(metadata.has('Etag')).toBe(false);
  });

  test.each([
    ['shorter than promised', '6'],
    ['longer than promised', '4'],
  ])('a body %s is 499 and leaves nothing', async (_, length) => {
    server = objectServer();
    const response = await put(10, 'hello', { 'content-length': length });
    expect(response.status).toBe(499);
    expect((await server.request('GET', PATH)).status).toBe(404);
  });

  test('a client that goes away in mid-body is 499 and leaves nothing', async () => {
    server = objectServer();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('he');
      await setImmediate();
      throw new ClientDisconnect();
    }
    const headers = { 'x-timestamp': stamp(10), 'content-type': 'a/b', 'content-length': '5' };
    expect((await server.request('PUT', PATH, headers, broken())).status).toBe(499);
    expect((await server.request('GET', PATH)).status).toBe(404);
  });

  test('a body that takes longer than max_upload_time is 408', async () => {
    server = objectServer({ conf: { max_upload_time: '10' } });
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('he');
      await setImmediate();
      server.clock.seconds += 11;
      yield Buffer.from('llo');
    }
    const headers = { 'x-timestamp': stamp(10), 'content-type': 'a/b', 'content-length': '5' };
    expect((await server.request('PUT', PATH, headers, slow())).status).toBe(408);
    expect((await server.request('GET', PATH)).status).toBe(404);
  });

  test('a checksum that does not match is 422, with quotes or without one that does is fine', async () => {
    server = objectServer();
    expect((await put(10, 'hello', { etag: 'abc' })).status).toBe(422);
    expect((await put(10, 'hello', { etag: '"5d41402abc4b2a76b9719d911017c592"' })).status).toBe(201);
    expect((await put(11, 'hello', { etag: '5d41402abc4b2a76b9719d911017c592' })).status).toBe(201);
  });

  test('an older or equal time than that of an object or tombstone is 409 with the time there', async () => {
    server = objectServer();
    await put(10);
    for (const seconds of [9, 10]) {
      const response = await put(seconds);
      expect([response.status, response.headers.get('x-backend-timestamp')]).toEqual([409, stamp(10)]);
    }
    await server.request('DELETE', PATH, { 'x-timestamp': stamp(20) });
    expect((await put(20)).headers.get('x-backend-timestamp')).toBe(stamp(20));
    expect((await put(21)).status).toBe(201);
  });

  test('If-None-Match holds against live objects alone', async () => {
    server = objectServer();
    expect((await put(10, 'hello', { 'if-none-match': '*' })).status).toBe(201);
    expect((await put(11, 'hello', { 'if-none-match': '*' })).status).toBe(412);
    await server.request('DELETE', PATH, { 'x-timestamp': stamp(20) });
    expect((await put(21, 'hello', { 'if-none-match': '*' })).status).toBe(201);
  });

  test('an erasure coding policy is refused with 503, never stored as if it were replicated', async () => {
    server = objectServer();
    for (const method of ['PUT', 'POST', 'DELETE', 'GET', 'HEAD']) {
      const headers = { 'x-timestamp': stamp(10), 'content-type': 'a/b', 'x-backend-storage-policy-index': '2' };
      expect((await server.request(method, PATH, headers, Buffer.from('x'))).status).toBe(503);
    }
    const twoPhase = await put(10, 'x', { 'x-backend-obj-multiphase-commit': 'yes' });
    expect(twoPhase.status).toBe(503);
    expect((await server.request('GET', PATH)).status).toBe(404);
  });

  test('a reserved name in a container that is not reserved is 400', async () => {
    server = objectServer();
    const headers = { 'x-timestamp': stamp(10), 'content-type': 'a/b' };
    expect((await server.request('PUT', '/sdb1/7/a/c/%00o', headers, Buffer.from(''))).status).toBe(400);
    expect((await server.request('PUT', '/sdb1/7/a/%00c/%00o', headers, Buffer.from(''))).status).toBe(201);
  });
});

describe('a device that fails', () => {
  test('is 507 with its name to every verb', async () => {
    server = objectServer({ devices: ['sdb1'] });
    for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
      const headers = { 'x-timestamp': stamp(10), 'content-type': 'a/b' };
      const response = await server.request(method, '/sdb9/7/a/c/o', headers, Buffer.from('x'));
      expect(response.status).toBe(507);
      expect(await response.text()).toContain('Drive: sdb9');
    }
    const head = await server.request('HEAD', '/sdb9/7/a/c/o');
    expect([head.status, head.headers.get('content-length'), head.body]).toEqual([507, '0', null]);
    expect((await server.request('REPLICATE', '/sdb9/7')).status).toBe(507);
  });

  test.each<[StorageErrorCode, number]>([
    ['device-unavailable', 507],
    ['no-space', 507],
    ['xattr-unsupported', 507],
    ['metadata-too-large', 400],
    ['not-exist', 404],
    ['deleted', 404],
    ['expired', 404],
    ['collision', 403],
    ['quarantined', 404],
    ['state-changed', 503],
  ])('%s is answered with %i', async (code, status) => {
    server = objectServer();
    const fault = new StorageError(code);
    vi.spyOn(server.storage, 'object').mockReturnValue({
      open: () => {
        throw fault;
      },
      create: () => Promise.reject(fault),
      writeMetadata: () => Promise.reject(fault),
      delete: () => Promise.reject(fault),
    });
    expect((await server.request('GET', PATH)).status).toBe(status);
  });

  test('a device that fills up while an object is written leaves nothing and is 507', async () => {
    server = objectServer();
    const object = server.storage.object.bind(server.storage);
    let aborted = 0;
    vi.spyOn(server.storage, 'object').mockImplementation((location) => {
      const real = object(location);
      return Object.assign(Object.create(real) as typeof real, {
        open: real.open.bind(real),
        create: () => ({
          write: () => {
            throw new StorageError('no-space');
          },
          finish: () => '',
          commit: () => Promise.resolve(),
          abort: () => {
            aborted += 1;
          },
        }),
      });
    });
    expect((await put(10)).status).toBe(507);
    expect(aborted).toBe(1);
  });
});

describe('POST', () => {
  test('replaces user metadata and keeps sysmeta', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-object-meta-old': '1', 'x-object-sysmeta-s': 's' });
    const response = await server.request('POST', PATH, {
      'x-timestamp': stamp(20),
      'x-object-meta-new': '2',
      'x-object-sysmeta-s': 'changed',
      'content-disposition': 'inline',
    });
    expect([response.status, response.headers.get('x-object-sysmeta-s')]).toEqual([202, 's']);
    expect(response.headers.get('x-backend-content-type')).toBe('text/plain');
    const found = await server.request('GET', PATH);
    expect(await found.text()).toBe('hello');
    expect(found.headers.has('x-object-meta-old')).toBe(false);
    expect(found.headers.get('x-object-meta-new')).toBe('2');
    expect(found.headers.get('x-object-sysmeta-s')).toBe('s');
    expect(found.headers.get('content-disposition')).toBe('inline');
    expect(found.headers.get('x-timestamp')).toBe(stamp(20));
    expect(found.headers.get('x-backend-data-timestamp')).toBe(stamp(10));
  });

  test('a newer content type with older metadata changes the type alone', async () => {
    server = objectServer();
    await put(10);
    await server.request('POST', PATH, { 'x-timestamp': stamp(30), 'x-object-meta-a': '1' });
    const response = await server.request('POST', PATH, {
      'x-timestamp': stamp(20),
      'content-type': 'image/png',
      'x-object-meta-a': 'late',
    });
    expect(response.status).toBe(202);
    const found = await server.request('HEAD', PATH);
    expect(found.headers.get('content-type')).toBe('image/png');
    expect(found.headers.get('x-object-meta-a')).toBe('1');
    expect(found.headers.get('x-timestamp')).toBe(stamp(30));
  });

  test('a newer content type without newer metadata is 409 when no metadata file could carry it', async () => {
    server = objectServer();
    await put(10);
    const response = await server.request('POST', PATH, {
      'x-timestamp': stamp(10),
      'content-type': 'image/png',
      'content-type-timestamp': stamp(20),
    });
    expect([response.status, response.headers.get('x-backend-timestamp')]).toEqual([409, stamp(10)]);
    expect((await server.request('HEAD', PATH)).headers.get('content-type')).toBe('text/plain');
  });

  test('a content type set by POST survives a later POST without one', async () => {
    server = objectServer();
    await put(10);
    await server.request('POST', PATH, { 'x-timestamp': stamp(20), 'content-type': 'image/png' });
    await server.request('POST', PATH, { 'x-timestamp': stamp(30), 'x-object-meta-a': '1' });
    expect((await server.request('HEAD', PATH)).headers.get('content-type')).toBe('image/png');
  });

  test('nothing newer is 409, a missing or deleted object 404 without a time', async () => {
    server = objectServer();
    await put(10);
    const old = await server.request('POST', PATH, { 'x-timestamp': stamp(10), 'content-type': 'x/y' });
    expect([old.status, old.headers.get('x-backend-timestamp')]).toEqual([409, stamp(10)]);
    await server.request('DELETE', PATH, { 'x-timestamp': stamp(20) });
    const gone = await server.request('POST', PATH, { 'x-timestamp': stamp(30) });
    expect([gone.status, gone.headers.has('x-backend-timestamp')]).toEqual([404, false]);
  });

  test('metadata above the limits is 400', async () => {
    server = objectServer();
    await put(10);
    const headers = { 'x-timestamp': stamp(20), 'x-object-meta-a': 'x'.repeat(257) };
    expect((await server.request('POST', PATH, headers)).status).toBe(400);
  });

  test('an expired object is there only for who asks for expired ones', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-delete-at': '1700000020' });
    const headers = { 'x-timestamp': stamp(25), 'x-delete-at': '1700000090' };
    expect((await server.request('POST', PATH, headers)).status).toBe(404);
    expect((await server.request('POST', PATH, { ...headers, 'x-backend-open-expired': 'true' })).status).toBe(202);
    expect((await server.request('HEAD', PATH, { 'x-timestamp': stamp(30) })).status).toBe(200);
  });
});

describe('DELETE', () => {
  test('X-If-Delete-At deletes only what has that time', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-delete-at': '1700000020' });
    const attempt = (seconds: number, deleteAt: string): Promise<SwiftResponse> =>
      server.request('DELETE', PATH, { 'x-timestamp': stamp(seconds), 'x-if-delete-at': deleteAt });
    expect((await attempt(20, 'x')).status).toBe(400);
    expect((await attempt(20, '1700000021')).status).toBe(412);
    expect((await attempt(5, '1700000020')).status).toBe(409);
    expect((await attempt(20, '1700000020')).status).toBe(204);
  });

  test('what is older than the object is 409 and deletes nothing', async () => {
    server = objectServer();
    await put(10);
    const response = await server.request('DELETE', PATH, { 'x-timestamp': stamp(5) });
    expect([response.status, response.headers.get('x-backend-timestamp')]).toEqual([409, stamp(10)]);
    expect((await server.request('GET', PATH)).status).toBe(200);
  });

  test('metadata newer than the request does not save the object', async () => {
    server = objectServer();
    await put(10);
    await server.request('POST', PATH, { 'x-timestamp': stamp(30) });
    expect((await server.request('DELETE', PATH, { 'x-timestamp': stamp(20) })).status).toBe(204);
  });
});

describe('GET', () => {
  test('conditions are held against the ETag that X-Backend-Etag-Is-At finds first', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-object-sysmeta-slo-etag': 'other' });
    const headers = { 'x-backend-etag-is-at': 'x-object-sysmeta-none, x-object-sysmeta-slo-etag' };
    const hit = await server.request('GET', PATH, { ...headers, 'if-none-match': 'other' });
    expect([hit.status, hit.headers.get('content-length')]).toEqual([304, '0']);
    expect(hit.headers.get('etag')).toBe('"5d41402abc4b2a76b9719d911017c592"');
    const miss = await server.request('GET', PATH, { ...headers, 'if-match': '5d41402abc4b2a76b9719d911017c592' });
    expect(miss.status).toBe(412);
  });

  test('a range is ignored when metadata is there with which it makes no sense', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-static-large-object': 'True' });
    const headers = { range: 'bytes=0-1' };
    expect(await (await server.request('GET', PATH, headers)).text()).toBe('he');
    const ignoring = { ...headers, 'x-backend-ignore-range-if-metadata-present': 'X-Other,X-Static-Large-Object' };
    const whole = await server.request('GET', PATH, ignoring);
    expect([whole.status, await whole.text()]).toEqual([200, 'hello']);
  });

  test('a deleted object is 404 with the time of its tombstone, 412 to If-Match: *', async () => {
    server = objectServer();
    await server.request('DELETE', PATH, { 'x-timestamp': stamp(20) });
    const gone = await server.request('GET', PATH);
    expect([gone.status, gone.headers.get('x-backend-timestamp')]).toEqual([404, stamp(20)]);
    const refused = await server.request('GET', PATH, { 'if-match': '*' });
    expect([refused.status, refused.headers.get('x-backend-timestamp')]).toEqual([412, stamp(20)]);
  });

  test('X-Timestamp is the clock for X-Delete-At', async () => {
    server = objectServer();
    await put(10, 'hello', { 'x-delete-at': '1700000020' });
    expect((await server.request('GET', PATH, { 'x-timestamp': stamp(19) })).status).toBe(200);
    expect((await server.request('GET', PATH, { 'x-timestamp': stamp(20) })).status).toBe(404);
    const asked = await server.request('GET', PATH, { 'x-timestamp': stamp(20), 'x-backend-open-expired': 'yes' });
    expect(asked.status).toBe(200);
  });

  test('HEAD has the headers of GET and no body', async () => {
    server = objectServer();
    await put(10);
    const [head, get] = [await server.request('HEAD', PATH), await server.request('GET', PATH)];
    expect([...head.headers]).toEqual([...get.headers]);
    expect(head.body).toBeNull();
    const missing = await server.request('HEAD', `${PATH}x`);
    expect([missing.status, missing.headers.get('content-length'), missing.body]).toEqual([404, '0', null]);
    const malformed = await server.request('HEAD', '/sdb1/58/AUTH_test');
    expect([malformed.status, malformed.headers.get('content-length'), malformed.body]).toEqual([400, '32', null]);
  });
});

test('replication_server = false refuses REPLICATE and leaves it out of Allow', async () => {
  server = objectServer({ conf: { replication_server: 'false' } });
  expect((await server.request('REPLICATE', '/sdb1/7')).status).toBe(405);
  expect((await server.request('OPTIONS', PATH)).headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, POST, PUT');
});

test('each request is logged in one line as Swift writes it', async () => {
  server = objectServer();
  await put(10, 'hello', { 'x-trans-id': 'tx1', referer: 'PUT http://x/v1/a/c/o', 'user-agent': 'proxy-server 1' });
  expect(server.log.lines.at(-1)).toMatch(
    /^info - - - \[14\/Nov\/2023:22:15:00 \+0000\] "PUT \/sdb1\/7\/AUTH_test\/c\/o" 201 - "PUT http:\/\/x\/v1\/a\/c\/o" "tx1" "proxy-server 1" 0\.\d{4} "-" \d+ -$/,
  );
});

test('slow holds back the answer to a write', async () => {
  server = objectServer({ conf: { slow: '0.05' } });
  const started = performance.now();
  await put(10);
  expect(performance.now() - started).toBeGreaterThan(40);
});
