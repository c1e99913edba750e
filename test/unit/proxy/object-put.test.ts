import { hash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { ChunkReadError, ChunkReadTimeout, ClientDisconnect } from '../../../src/http/errors.ts';
import { HttpError, SwiftResponse } from '../../../src/http/response.ts';
import { chunkedBody, ObjectProxy, type ProxyOptions } from './object-fixture.ts';
import type { NodeScript, RecordedRequest, ScriptedAnswer } from './scripted-nodes.ts';

const DATA = Buffer.from('hello world\n');
const MD5 = hash('md5', DATA, 'hex');
const CREATED: ScriptedAnswer = { interim: true, status: 201, headers: { etag: `"${MD5}"` }, body: '' };

let proxy: ObjectProxy;
afterEach(() => {
  expect(proxy.nodes.leaked).toEqual([]);
});

/** Answers by device; the others create the object. */
function script(byDevice: Record<string, ScriptedAnswer> = {}): NodeScript {
  return ({ device }) => byDevice[device] ?? CREATED;
}

function made(nodes: NodeScript = script(), options: ProxyOptions = {}): ObjectProxy {
  return (proxy = new ObjectProxy(nodes, options));
}

function put(
  target = '/v1/a/c/o',
  headers: Record<string, string> = {},
  body: Parameters<ObjectProxy['request']>[3] = DATA,
): Promise<SwiftResponse> {
  return proxy.send(proxy.request('PUT', target, headers, body));
}

function to(device: string): RecordedRequest {
  return proxy.nodes.requests.find((request) => request.device === device) as RecordedRequest;
}

test('a PUT stores the body on every primary and answers with its ETag and time', async () => {
  made();
  const res = await put('/v1/a/c/o', { 'content-type': 'text/plain' });
  expect(res.status).toBe(201);
  expect(res.headers.get('etag')).toBe(MD5);
  expect(res.headers.get('last-modified')).toBe('Sun, 22 Nov 2026 13:06:08 GMT');
  expect(res.headers.get('content-length')).toBe('0');
  expect(proxy.nodes.devices.sort()).toEqual(['d0', 'd1', 'd2']);
  for (const { received, ends, body, headers } of proxy.nodes.requests) {
    expect(received.toString()).toBe('hello world\n');
    expect([ends, body]).toEqual([1, 12]);
    expect(headers.get('expect')).toBe('100-continue');
    expect(headers.get('x-timestamp')).toBe('1795352767.67140');
  }
});

test('X-Copy-From that no filter has acted on is refused, since an empty object is no copy', async () => {
  made();
  expect((await put('/v1/a/c/o', { 'x-copy-from': '/c/p', 'content-length': '0' }, null)).status).toBe(501);
  expect(proxy.nodes.requests).toEqual([]);
});

test('a body of no bytes is sent chunked, since without a body there is nothing to expect 100 for', async () => {
  made();
  const res = await put('/v1/a/c/o', { 'content-length': '0' }, null);
  expect(res.status).toBe(201);
  for (const { body, headers, received, ends } of proxy.nodes.requests) {
    expect([body, headers.has('content-length'), received.length, ends]).toEqual(['chunked', false, 0, 1]);
  }
});

test('a chunked body is passed on as it comes', async () => {
  made();
  const res = await put('/v1/a/c/o', { 'transfer-encoding': 'chunked' }, chunkedBody(['hello ', 'world\n']));
  expect(res.status).toBe(201);
  expect(to('d1').body).toBe('chunked');
  expect(to('d1').received.toString()).toBe('hello world\n');
});

test('handoffs take the place of primaries that are down, answer 5xx or 507, or do not answer', async () => {
  made(script({ d0: { refuse: true }, d1: { status: 507 }, d2: { silent: true } }), { devices: 7 });
  const res = await put();
  expect(res.status).toBe(201);
  expect(
    proxy.nodes.requests
      .filter(({ ends }) => ends === 1)
      .map(({ device }) => device)
      .sort(),
  ).toEqual(['d3', 'd4', 'd5']);
  expect(proxy.context.errorLimiter.isLimited({ ip: '127.0.0.1', port: 6201, device: 'd1' })).toBe(true);
  expect(proxy.context.errorLimiter.isLimited({ ip: '127.0.0.1', port: 6200, device: 'd0' })).toBe(false);
  // A handoff carries the container updates of the node that it stands in for.
  const hosts = proxy.nodes.requests
    .filter(({ ends }) => ends === 1)
    .map(({ headers }) => headers.get('x-container-host'));
  expect(hosts.sort()).toEqual(['127.0.0.1:6100', '127.0.0.1:6101', '127.0.0.1:6102']);
});

test('a rested node is not asked', async () => {
  made(script(), { devices: 5 });
  proxy.context.errorLimiter.limit({ ip: '127.0.0.1', port: 6201, device: 'd1' });
  expect((await put()).status).toBe(201);
  expect(proxy.nodes.devices.sort()).toEqual(['d0', 'd2', 'd3']);
});

test('fewer connections than a quorum give 503 and nothing is sent', async () => {
  made(({ device }) => (device === 'd0' ? CREATED : { refuse: true }));
  const res = await put();
  expect(res.status).toBe(503);
  expect(to('d0').received.length).toBe(0);
  expect(to('d0').ends).toBe(0);
});

test('of five replicas three must connect, of two one', async () => {
  const nodes: NodeScript = ({ device }) => (Number(device.slice(1)) < 3 ? CREATED : { refuse: true });
  made(nodes, { replicas: 5 });
  expect((await put()).status).toBe(201);
  made(({ device }) => (device === 'd0' ? CREATED : { refuse: true }), { replicas: 2 });
  expect((await put()).status).toBe(201);
  made(({ device }) => (Number(device.slice(1)) < 2 ? CREATED : { refuse: true }), { replicas: 5 });
  expect((await put()).status).toBe(503);
});

test('one node with a newer object makes it 202, and no node gets the body', async () => {
  made(script({ d1: { status: 409, headers: { 'x-backend-timestamp': '1795357345.14353' }, body: 'conflict' } }));
  const res = await put();
  expect(res.status).toBe(202);
  expect(await res.text()).toBe('<html><h1>Accepted</h1><p>The request is accepted for processing.</p></html>');
  expect(proxy.nodes.requests.every(({ received, ends }) => received.length === 0 && ends === 0)).toBe(true);
});

test('If-None-Match: * gives 412 when any node has the object, and another ETag is refused before any node is asked', async () => {
  made(script({ d2: { status: 412, body: '' } }));
  for (const all of ['*', '"*"']) {
    expect((await put('/v1/a/c/o', { 'if-none-match': all })).status).toBe(412);
  }
  made();
  for (const tag of ['"abc"', '']) {
    const res = await put('/v1/a/c/o', { 'if-none-match': tag });
    expect([res.status, await res.text()]).toEqual([400, 'If-None-Match only supports *']);
  }
  expect(proxy.nodes.requests).toEqual([]);
});

test('a node that breaks in mid-body is dropped and the quorum of the rest decides', async () => {
  made(script({ d1: { ...CREATED, failWriteAfterBytes: 8 } }));
  const res = await put('/v1/a/c/o', { 'content-length': '12' }, chunkedBody(['hello ', 'world\n']));
  expect(res.status).toBe(201);
  expect([to('d1').ends, to('d1').closed]).toEqual([0, true]);
  expect(to('d0').received.toString()).toBe('hello world\n');
});

test('a quorum lost in mid-body gives 503 and no node sees the end of a body', async () => {
  made(script({ d0: { ...CREATED, failWriteAfterBytes: 8 }, d1: { ...CREATED, failWriteAfterBytes: 8, slow: true } }));
  const body = chunkedBody(['hello ', 'world\n', 'more']);
  expect((await put('/v1/a/c/o', { 'content-length': '16' }, body)).status).toBe(503);
  expect(proxy.nodes.requests.every(({ ends, closed }) => ends === 0 && closed)).toBe(true);
});

test('the client is not read on while a node does not keep up', async () => {
  made(script({ d2: { ...CREATED, slow: true } }));
  const seen: number[] = [];
  const body = chunkedBody(['a', 'b', 'c']);
  const read = body.read.bind(body);
  body.read = (): ReturnType<typeof read> => {
    seen.push(to('d2').received.length);
    return read();
  };
  expect((await put('/v1/a/c/o', { 'content-length': '3' }, body)).status).toBe(201);
  expect(seen).toEqual([0, 1, 2, 3]);
});

test.each([
  ['sends less than it promised', [DATA.subarray(0, 5)], 499],
  ['closes the connection', [DATA.subarray(0, 5), new ClientDisconnect()], 499],
  ['breaks its chunks', [DATA.subarray(0, 5), new ChunkReadError('bad size')], 499],
  ['stalls', [DATA.subarray(0, 5), new ChunkReadTimeout()], 408],
  ['is a filter that fails', [DATA.subarray(0, 5), new Error('bug')], 500],
])('a client that %s leaves nothing', async (_, chunks, status) => {
  made();
  const res = await put('/v1/a/c/o', { 'content-length': '12' }, chunkedBody(chunks));
  expect(res.status).toBe(status);
  expect(proxy.nodes.requests.map(({ ends, closed }) => [ends, closed])).toEqual([
    [0, true],
    [0, true],
    [0, true],
  ]);
});

test('a body that is too large gets 413: at once when its length is told, else when it is passed', async () => {
  made(script(), { constraints: { max_file_size: 10 } });
  const res = await put();
  expect([res.status, await res.text()]).toEqual([413, 'Your request is too large.']);
  expect(proxy.nodes.requests).toEqual([]);
  const chunked = await put('/v1/a/c/o', { 'transfer-encoding': 'chunked' }, chunkedBody(['hello ', 'world\n']));
  expect(chunked.status).toBe(413);
  expect(proxy.nodes.requests.every(({ ends, closed }) => ends === 0 && closed)).toBe(true);
});

test('nodes that disagree on the ETag give 500', async () => {
  made(script({ d1: { ...CREATED, headers: { etag: '"0123"' } } }));
  expect((await put()).status).toBe(500);
});

test('a wrong ETag of the client is what the nodes say it is: 422', async () => {
  const refusal: ScriptedAnswer = { interim: true, status: 422, body: 'not that' };
  made(() => refusal);
  const res = await put('/v1/a/c/o', { etag: '0'.repeat(32) });
  expect([res.status, await res.text()]).toEqual([422, 'not that']);
  expect(to('d0').headers.get('etag')).toBe('0'.repeat(32));
});

test('two nodes that stored it make a success although the third is slow, which then gets a moment', async () => {
  let release = (): void => undefined;
  const late = new Promise<void>((resolve) => (release = resolve));
  made(script({ d2: { ...CREATED, after: late } }));
  expect((await put()).status).toBe(201);
  expect(to('d2').closed).toBe(true);
  // That it was given up is no fault of the node.
  release();
  await late;
  expect(proxy.log.lines.filter((line) => line.includes('ERROR'))).toEqual([]);
});

test('nodes that fail after the body count as 503', async () => {
  made(script({ d0: { ...CREATED, silent: 'final' }, d1: { interim: true, status: 500, body: 'disk' } }));
  expect((await put()).status).toBe(503);
  made(script({ d0: { ...CREATED, silent: 'final' } }));
  expect((await put()).status).toBe(201);
});

test('when every node refuses before the body, the client is not read at all', async () => {
  made(() => ({ status: 400, body: 'no' }));
  const body = chunkedBody([new Error('read')]);
  const res = await put('/v1/a/c/o', { 'content-length': '12' }, body);
  expect([res.status, await res.text()]).toEqual([400, 'no']);
});

test('footers of a filter follow the data in a MIME body', async () => {
  made(script({}), {});
  proxy.nodes.script = () => ({ ...CREATED, interim: { 'x-obj-metadata-footer': 'yes' } });
  const req = proxy.request('PUT', '/v1/a/c/o', {}, DATA, {
    updateFooters: (footers) => footers.set('Etag', 'e').set('X-Object-Sysmeta-Crypto', 'caf\xe9'),
  });
  expect((await proxy.send(req)).status).toBe(201);
  for (const { headers, received, ends, body } of proxy.nodes.requests) {
    const boundary = headers.get('x-backend-obj-multipart-mime-boundary') as string;
    expect(boundary).toMatch(/^[0-9a-f]{64}$/);
    expect(headers.get('x-backend-obj-content-length')).toBe('12');
    expect(headers.get('x-backend-obj-metadata-footer')).toBe('yes');
    const json = '{"Etag": "e", "X-Object-Sysmeta-Crypto": "caf\\u00e9"}';
    expect(received.toString('latin1')).toBe(
      `--${boundary}\r\nX-Document: object body\r\n\r\nhello world\n\r\n--${boundary}\r\nX-Document: object metadata\r\n` +
        `Content-MD5: ${hash('md5', json, 'hex')}\r\n\r\n${json}\r\n--${boundary}--\r\n`,
    );
    expect([ends, body]).toEqual([1, 'chunked']);
  }
  expect(
    new Set(proxy.nodes.requests.map(({ headers }) => headers.get('x-backend-obj-multipart-mime-boundary'))).size,
  ).toBe(3);
});

test('a node that does not know footers is passed over', async () => {
  made(({ device }) => (device === 'd0' ? CREATED : { ...CREATED, interim: { 'x-obj-metadata-footer': 'yes' } }));
  const req = proxy.request('PUT', '/v1/a/c/o', {}, DATA, { updateFooters: () => undefined });
  expect((await proxy.send(req)).status).toBe(201);
  expect([to('d0').ends, to('d3').ends]).toEqual([0, 1]);
});

test.each([
  ['without a length', {}, null, 411, 'Missing Content-Length header.'],
  ['of the past', { 'x-delete-at': '1000' }, DATA, 400, 'X-Delete-At in past'],
  ['with a time that is none', { 'x-delete-after': 'soon' }, DATA, 400, 'Non-integer X-Delete-After'],
  [
    'with a parameter of Swift',
    { 'content-type': 'text/plain; swift_bytes=3' },
    DATA,
    400,
    'Invalid Content-Type, swift_* is not a valid parameter name.',
  ],
  [
    'with a bad X-Timestamp',
    { 'x-timestamp': 'now' },
    DATA,
    400,
    "X-Timestamp should be a UNIX timestamp float value; was 'now'",
  ],
  ['with an empty name of metadata', { 'x-object-meta-': 'x' }, DATA, 400, 'Metadata name cannot be empty'],
])('a PUT %s is refused before any node is asked', async (_, headers, body, status, text) => {
  made();
  const res = await put('/v1/a/c/o', headers, body);
  expect([res.status, await res.text()]).toEqual([status, text]);
  expect(proxy.nodes.requests).toEqual([]);
});

test('a name that is too long is refused', async () => {
  made();
  const res = await put(`/v1/a/c/${'o'.repeat(1025)}`);
  expect([res.status, await res.text()]).toEqual([400, 'Object name length of 1025 longer than 1024']);
  // Characters count, not bytes.
  expect((await put(`/v1/a/c/${'%C3%A9'.repeat(1024)}`)).status).toBe(201);
  expect((await put(`/v1/a/c/${'%C3%A9'.repeat(1025)}`)).status).toBe(400);
});

test.each([
  ['/v1/a/c/picture.JPG', {}, 'image/jpeg'],
  ['/v1/a/c/archive.tar.gz', {}, 'application/x-tar'],
  ['/v1/a/c/unknown', {}, 'application/octet-stream'],
  ['/v1/a/c/page.html', { 'content-type': 'a/b', 'x-detect-content-type': 'true' }, 'text/html'],
  ['/v1/a/c/page.html', { 'content-type': 'a/b' }, 'a/b'],
])('the type of %s with %j is %s', async (target, headers, type) => {
  made();
  await put(target, headers);
  expect(to('d0').headers.get('content-type')).toBe(type);
  expect(to('d0').headers.has('x-detect-content-type')).toBe(false);
});

test('a container that is not there gives 404, after the user was let in', async () => {
  made(script(), { containerStatus: 404 });
  expect((await put()).status).toBe(404);
  const denied = proxy.request('PUT', '/v1/a/c/o', {}, DATA, { authorize: () => new SwiftResponse(403) });
  expect((await proxy.send(denied)).status).toBe(403);
});

test('the write ACL of the container is what the user is held against', async () => {
  made(script(), { containerHeaders: { 'x-container-write': '.r:*', 'x-container-read': 'other' } });
  const seen: unknown[] = [];
  const req = proxy.request('PUT', '/v1/a/c/o', {}, DATA, {
    authorize: ({ env }) => {
      seen.push(env.acl);
      return null;
    },
  });
  expect((await proxy.send(req)).status).toBe(201);
  expect(seen).toEqual(['.r:*']);
});

test('what may write because it knows the sync key of the container is told that key, and only by PUT and DELETE', async () => {
  made(script(), { containerHeaders: { 'x-container-sync-key': 'k\u00c3\u00a9y' } });
  const seen: unknown[] = [];
  for (const method of ['PUT', 'DELETE', 'POST', 'GET']) {
    const req = proxy.request(method, '/v1/a/c/o', {}, null, {
      authorize: ({ env }) => {
        seen.push([method, env.syncKey]);
        return new SwiftResponse(403);
      },
    });
    await (await proxy.send(req)).close();
  }
  expect(seen).toEqual([
    ['PUT', 'k\u00c3\u00a9y'],
    ['DELETE', 'k\u00c3\u00a9y'],
    ['POST', undefined],
    ['GET', undefined],
  ]);
});

test('an erasure coded policy is refused with 503, never stored as replicas', async () => {
  made(script(), { containerHeaders: { 'x-backend-storage-policy-index': '2' } });
  for (const method of ['PUT', 'GET', 'HEAD', 'POST', 'DELETE']) {
    const req = proxy.request(method, '/v1/a/c/o', {}, method === 'PUT' ? DATA : null);
    expect([method, (await proxy.send(req)).status]).toEqual([method, 503]);
  }
  expect(proxy.nodes.requests).toEqual([]);
});

test('X-Delete-After becomes X-Delete-At with its place in the queue, spread from the other end', async () => {
  made();
  const req = proxy.request('PUT', '/v1/AUTH_test/c/expiring', { 'x-delete-after': '86400' }, DATA);
  expect((await proxy.send(req)).status).toBe(201);
  const host = (device: string): (string | undefined)[] =>
    ['x-container-host', 'x-delete-at-host', 'x-backend-clean-expiring-object-queue'].map((name) =>
      to(device).headers.get(name),
    );
  const byContainer = proxy.nodes.requests.map(({ device }) => host(device)).sort();
  expect(byContainer).toEqual([
    ['127.0.0.1:6100', '127.0.0.1:6102', 't'],
    ['127.0.0.1:6101', '127.0.0.1:6101', 't'],
    ['127.0.0.1:6102', '127.0.0.1:6100', 'f'],
  ]);
  expect(to('d0').headers.get('x-delete-at')).toBe('1795439167');
  expect(to('d0').headers.get('x-delete-at-container')).toBe('1795391932');
  expect(to('d0').headers.has('x-delete-after')).toBe(false);
  expect(req.env.logInfo).toEqual(['x-delete-at:1795439167']);
});

test('with write affinity local nodes are tried before primaries elsewhere', async () => {
  made(script(), { devices: 6, conf: { write_affinity: 'r1', write_affinity_node_count: '2 * replicas' } });
  expect((await put()).status).toBe(201);
  expect(proxy.nodes.devices.sort()).toEqual(['d0', 'd2', 'd4']);
});

test('what a filter throws on purpose while its body is read is the answer', async () => {
  made();
  const res = await put('/v1/a/c/o', { 'content-length': '3' }, chunkedBody([new HttpError(422, 'quota')]));
  expect([res.status, await res.text()]).toEqual([422, 'quota']);
});
