import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { SwiftRequest } from '../../../src/http/request.ts';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { type ByteRange, contentRange, requestedRanges } from '../../../src/http/range.ts';
import { ObjectProxy, type ProxyOptions } from './object-fixture.ts';
import type { NodeScript, RecordedRequest, ScriptedAnswer } from './scripted-nodes.ts';

const ENTITY = Buffer.from(Array.from({ length: 120 }, (_, at) => String.fromCharCode(33 + (at % 90))).join(''));
const T1 = '1795352700.00000';
const T2 = '1795352750.00000';
const T3 = '1795352760.00000';

let proxy: ObjectProxy;
afterEach(() => {
  expect(proxy.nodes.leaked).toEqual([]);
});

function made(nodes: NodeScript, options: ProxyOptions = {}): ObjectProxy {
  return (proxy = new ObjectProxy(nodes, options));
}

function get(headers: Record<string, string> = {}, method = 'GET'): Promise<SwiftResponse> {
  return proxy.send(proxy.request(method, '/v1/a/c/o', headers));
}

const BASE = {
  etag: '"abc"',
  'content-type': 'text/plain',
  'x-timestamp': T1,
  'x-backend-timestamp': T1,
  'x-backend-data-timestamp': T1,
};

/** What an object server answers that has `entity`. */
function serve(request: RecordedRequest, entity: Buffer = ENTITY, extra: ScriptedAnswer = {}): ScriptedAnswer {
  const header = request.headers.get('range');
  const ranges = requestedRanges(header, entity.length);
  const base = { ...BASE, ...(extra.headers as Record<string, string> | undefined) };
  if (ranges === null) return { status: 200, body: entity, ...extra, headers: base };
  if (ranges.length === 0)
    return {
      status: 416,
      body: 'no such range',
      ...extra,
      headers: { ...base, 'content-range': `bytes */${entity.length}` },
    };
  if (ranges.length === 1) {
    const [range] = ranges as [ByteRange];
    return {
      status: 206,
      body: slice(entity, range),
      ...extra,
      headers: { ...base, 'content-range': contentRange(range, entity.length) },
    };
  }
  const boundary = `b${request.device}`;
  const body = multipart(entity, ranges, boundary);
  return {
    status: 206,
    body,
    ...extra,
    headers: { ...base, 'content-type': `multipart/byteranges;boundary=${boundary}` },
  };
}

function slice(entity: Buffer, { start, end }: ByteRange): Buffer {
  return entity.subarray(start, end);
}

function multipart(entity: Buffer, ranges: readonly ByteRange[], boundary: string): Buffer {
  const parts = ranges.flatMap((range, index) => [
    Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: ${contentRange(range, entity.length)}\r\n\r\n`,
    ),
    slice(entity, range),
  ]);
  return Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--`)]);
}

test('a GET is answered by the first node that has the object, with its headers', async () => {
  made((request) =>
    serve(request, ENTITY, { headers: { 'x-object-meta-color': 'gr\xc3\xbcn', date: 'x', connection: 'close' } }),
  );
  const res = await get();
  expect([res.status, (await res.bytes()).equals(ENTITY)]).toEqual([200, true]);
  expect([...res.headers].sort()).toEqual(
    [
      ['accept-ranges', 'bytes'],
      ['content-length', '120'],
      ['content-type', 'text/plain'],
      ['etag', 'abc'],
      ['x-backend-data-timestamp', T1],
      ['x-backend-timestamp', T1],
      ['x-object-meta-color', 'gr\xc3\xbcn'],
      ['x-timestamp', T1],
    ].sort(),
  );
  expect(proxy.nodes.devices).toEqual(['d0']);
  expect(proxy.nodes.requests[0]?.headers.get('x-backend-storage-policy-index')).toBe('0');
});

test('a HEAD has the headers and no body', async () => {
  made((request) => serve(request));
  const res = await get({}, 'HEAD');
  expect([res.status, res.headers.get('content-length'), res.body]).toEqual([200, '120', null]);
});

test('nodes that are down, err or do not have the object are passed over', async () => {
  const bad: ScriptedAnswer[] = [
    { refuse: true },
    { status: 503, body: 'x' },
    { status: 404, body: 'x' },
    { silent: true },
  ];
  let asked = 0;
  made((request) => bad[asked++] ?? serve(request), { devices: 6 });
  const res = await get();
  expect([res.status, (await res.bytes()).length, asked]).toEqual([200, 120, 5]);
});

test('an object that no node has gives 404 after twice as many nodes as replicas', async () => {
  made(() => ({ status: 404, body: 'gone' }), { devices: 9 });
  const res = await get();
  expect([res.status, await res.text(), proxy.nodes.requests.length]).toEqual([404, 'gone', 6]);
});

test('nodes that cannot tell give 503', async () => {
  made(({ device }) => (device === 'd0' ? { status: 404, body: '' } : { refuse: true }));
  expect((await get()).status).toBe(503);
});

test('a copy that is older than a tombstone on another node is not served', async () => {
  made(
    (request) =>
      request.device === 'd0' ? { status: 404, body: '', headers: { 'x-backend-timestamp': T2 } } : serve(request),
    { devices: 3 },
  );
  expect((await get()).status).toBe(404);
});

test('304 and 416 end the search; 412 is asked of all', async () => {
  made(() => ({ status: 304, headers: BASE, body: '' }));
  const unchanged = await get({ 'if-none-match': 'abc' });
  expect([
    unchanged.status,
    unchanged.headers.get('content-type'),
    unchanged.headers.get('etag'),
    await unchanged.text(),
  ]).toEqual([304, 'text/plain', 'abc', '']);
  expect(proxy.nodes.devices).toEqual(['d0']);
  made((request) => serve(request));
  const beyond = await get({ range: 'bytes=500-' });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */120']);
  expect(await beyond.text()).toContain('<h1>Requested Range Not Satisfiable</h1>');
  made(() => ({ status: 412, headers: BASE, body: '' }), { devices: 3 });
  const failed = await get({ 'if-match': 'x' });
  expect([failed.status, failed.headers.get('content-length'), proxy.nodes.requests.length]).toEqual([412, '0', 3]);
});

test('X-Newest asks every node and serves the newest copy', async () => {
  made((request) =>
    serve(request, ENTITY, {
      headers: request.device === 'd1' ? { 'x-backend-data-timestamp': T2, etag: '"new"' } : {},
    }),
  );
  const res = await get({ 'x-newest': 'true' });
  expect([res.headers.get('etag'), (await res.bytes()).length, proxy.nodes.requests.length]).toEqual(['new', 120, 5]);
});

test('a node that breaks in mid-body is followed by another from the same byte on', async () => {
  made((request) => serve(request, ENTITY, request.device === 'd0' ? { breakAfterBytes: 50 } : {}));
  const res = await get();
  expect((await res.bytes()).toString()).toBe(ENTITY.toString());
  expect(proxy.nodes.requests.map(({ device, headers }) => [device, headers.get('range')])).toEqual([
    ['d0', undefined],
    ['d1', 'bytes=50-119'],
  ]);
  expect(proxy.nodes.requests[0]?.closed).toBe(true);
});

test('an answer that ends early without an error is carried on too', async () => {
  made((request) =>
    request.device === 'd0'
      ? { status: 200, headers: { ...BASE, 'content-length': '120' }, body: ENTITY.subarray(0, 30) }
      : serve(request),
  );
  expect((await (await get()).bytes()).toString()).toBe(ENTITY.toString());
});

test('several nodes may break one after the other', async () => {
  made((request) => serve(request, ENTITY, request.device === 'd3' ? {} : { breakAfterBytes: 9 }));
  expect((await (await get()).bytes()).toString()).toBe(ENTITY.toString());
  expect(proxy.nodes.devices).toEqual(['d0', 'd1', 'd2', 'd3']);
});

test('another version of the object never carries a body on', async () => {
  made((request) => {
    if (request.device === 'd0') return serve(request, ENTITY, { breakAfterBytes: 50 });
    if (request.device === 'd1') return serve(request, ENTITY, { headers: { etag: '"other"' } });
    if (request.device === 'd2') return { status: 200, headers: BASE, body: ENTITY };
    return serve(request);
  });
  expect((await (await get()).bytes()).toString()).toBe(ENTITY.toString());
  expect(proxy.nodes.devices).toEqual(['d0', 'd1', 'd2', 'd3']);
});

test('a body that no node can carry on breaks off', async () => {
  made((request) => (request.device === 'd0' ? serve(request, ENTITY, { breakAfterBytes: 50 }) : { refuse: true }));
  await expect((await get()).bytes()).rejects.toThrow('ECONNRESET');
});

test('X-Newest: a newest copy whose node breaks before its first byte gives way to the next newest', async () => {
  for (const concurrent of ['false', 'true']) {
    const newer: Record<string, ScriptedAnswer> = {
      d0: { headers: { 'x-backend-data-timestamp': T1, etag: '"old"' } },
      d1: { headers: { 'x-backend-data-timestamp': T2, etag: '"new"' } },
      d2: { headers: { 'x-backend-data-timestamp': T3, etag: '"newest"' }, breakAfterBytes: 0 },
    };
    made(({ device, ...rest }) => serve({ device, ...rest }, ENTITY, newer[device]), {
      devices: 3,
      conf: { concurrent_gets: concurrent },
    });
    const res = await get({ 'x-newest': 'true' });
    expect([res.status, res.headers.get('etag'), (await res.bytes()).length]).toEqual([200, 'new', 120]);
    expect(proxy.log.lines.filter((line) => line.includes('ERROR'))).toHaveLength(1);
  }
});

test('nodes that all break before their first byte are 503, 404 when others say that the object is gone', async () => {
  const dying = (request: RecordedRequest): ScriptedAnswer => serve(request, ENTITY, { breakAfterBytes: 0 });
  made(dying, { devices: 3 });
  expect((await get({ 'x-newest': 'true' })).status).toBe(503);
  await expect((await get()).bytes()).rejects.toMatchObject({ status: 503 });
  await expect((await get({ range: 'bytes=0-1,4-5' })).bytes()).rejects.toMatchObject({ status: 503 });
  const gone: ScriptedAnswer = { status: 404, body: '', headers: { 'x-backend-timestamp': '1795352600.00000' } };
  made((request) => (request.device === 'd2' ? dying(request) : gone), { devices: 3 });
  expect((await get({ 'x-newest': 'true' })).status).toBe(404);
});

test('a body asked for with X-Newest is not carried on, since others may be older', async () => {
  made((request) => serve(request, ENTITY, { breakAfterBytes: 50 }));
  const res = await get({ 'x-newest': 'true' });
  await expect(res.bytes()).rejects.toThrow('ECONNRESET');
});

test('a client that goes closes the connection to the node, and no node is blamed', async () => {
  made((request) => serve(request));
  const res = await get();
  await res.close();
  expect(proxy.nodes.requests.map(({ closed }) => closed)).toEqual([true]);
  const half = await get();
  const body = half.body as AsyncIterable<Uint8Array>;
  for await (const chunk of body) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(proxy.nodes.requests.map(({ closed }) => closed)).toEqual([true, true]);
  expect(proxy.log.lines).toEqual([]);
});

test('a client that is gone gets no further node asked, and no node is blamed', async () => {
  const gone = new AbortController();
  made(() => {
    gone.abort();
    return { refuse: true };
  });
  const { log } = proxy;
  const req = new SwiftRequest({ method: 'GET', target: '/v1/a/c/o', headers: {}, log, signal: gone.signal });
  expect((await proxy.send(req)).status).toBeGreaterThanOrEqual(400);
  expect(log.lines.filter((line) => line.includes('ERROR'))).toEqual([]);
});

test('an empty object is served', async () => {
  made((request) => serve(request, Buffer.alloc(0)));
  const res = await get();
  expect([res.status, (await res.bytes()).length]).toEqual([200, 0]);
});

test('the size of a large object is taken off the type, and nothing else', async () => {
  for (const [stored, shown] of [
    ['video/mp4; a=b;swift_bytes=77', 'video/mp4; a=b'],
    ['a/b;c=d;swift_other=1', 'a/b;c=d;swift_other=1'],
  ] as const) {
    made((request) => serve(request, ENTITY, { headers: { 'content-type': stored } }));
    const res = await get({}, 'HEAD');
    expect(res.headers.get('content-type')).toBe(shown);
  }
});

test('expired objects are shown only where the operator allows it', async () => {
  made((request) => serve(request), { conf: { allow_open_expired: 'true' } });
  await get({ 'x-open-expired': 'true' }, 'HEAD');
  expect(proxy.nodes.requests[0]?.headers.get('x-backend-open-expired')).toBe('true');
  made((request) => serve(request));
  await get({ 'x-open-expired': 'true' }, 'HEAD');
  expect(proxy.nodes.requests[0]?.headers.has('x-backend-open-expired')).toBe(false);
});

test('with concurrent_gets the first good answer wins and the others are closed', async () => {
  let release = (): void => undefined;
  const late = new Promise<void>((resolve) => (release = resolve));
  made((request) => serve(request, ENTITY, request.device === 'd0' ? { after: late } : {}), {
    conf: { concurrent_gets: 'true', concurrency_timeout: '0.001' },
  });
  setTimeout(release, 30);
  const res = await get();
  expect((await res.bytes()).toString()).toBe(ENTITY.toString());
  expect(proxy.nodes.devices).toEqual(['d0', 'd1']);
});

const aRange = fc.oneof(
  fc.tuple(fc.nat(130), fc.nat(40)).map(([first, more]) => `${first}-${first + more}`),
  fc.nat(130).map((first) => `${first}-`),
  fc.integer({ min: 1, max: 130 }).map((last) => `-${last}`),
);

test('wherever nodes break, the client gets what one that does not break would have sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.array(aRange, { minLength: 1, maxLength: 4 }), { nil: undefined }),
      fc.array(fc.nat(420), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 200 }),
      async (ranges, breaks, chunkBytes) => {
        const headers: Record<string, string> = ranges === undefined ? {} : { range: `bytes=${ranges.join(',')}` };
        made((request) => serve(request));
        const whole = await get(headers);
        const expected = (await whole.bytes()).toString('latin1');
        made(
          (request) => {
            const at = breaks[proxy.nodes.requests.length - 1];
            return serve(request, ENTITY, at === undefined ? { chunkBytes } : { breakAfterBytes: at, chunkBytes });
          },
          { devices: 6 },
        );
        const res = await get(headers);
        expect(res.status).toBe(whole.status);
        expect((await res.bytes()).toString('latin1')).toBe(expected);
        expect(proxy.nodes.leaked).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test('the parts of several ranges keep the boundary of the first node whoever sends them', async () => {
  made((request) => serve(request, ENTITY, request.device === 'd0' ? { breakAfterBytes: 100 } : {}));
  const res = await get({ range: 'bytes=0-9,20-29,-5' });
  expect(res.headers.get('content-type')).toBe('multipart/byteranges;boundary=bd0');
  const expected = multipart(
    ENTITY,
    [
      { start: 0, end: 10 },
      { start: 20, end: 30 },
      { start: 115, end: 120 },
    ],
    'bd0',
  );
  expect((await res.bytes()).toString()).toBe(expected.toString());
  expect(res.headers.get('content-length')).toBe(String(expected.length));
  expect(proxy.nodes.requests.map(({ headers }) => headers.get('range'))).toEqual([
    'bytes=0-9,20-29,-5',
    'bytes=20-29,115-119',
  ]);
});

test('what is left of ranges is asked for in parts when nodes would refuse it in one', async () => {
  made((request) => serve(request, ENTITY, request.device === 'd0' ? { breakAfterBytes: 80 } : {}));
  const range = { start: 0, end: 20 };
  const res = await get({ range: 'bytes=0-19,0-19,0-19,0-19' });
  expect((await res.bytes()).toString()).toBe(multipart(ENTITY, [range, range, range, range], 'bd0').toString());
  const asked = proxy.nodes.requests.map(({ device, headers }) => [device, headers.get('range')?.split(',').length]);
  expect(asked).toEqual([
    ['d0', 4],
    ['d1', 3],
    ['d1', 1],
  ]);
});

test('a node that fails when it is asked for the next part of the ranges is followed by another', async () => {
  made((request) => {
    if (request.device === 'd0') return serve(request, ENTITY, { breakAfterBytes: 80 });
    const first = proxy.nodes.requests.filter(({ device }) => device === request.device).length === 1;
    return request.device === 'd1' && !first ? { refuse: true } : serve(request);
  });
  const range = { start: 0, end: 20 };
  const res = await get({ range: 'bytes=0-19,0-19,0-19,0-19' });
  expect((await res.bytes()).toString()).toBe(multipart(ENTITY, [range, range, range, range], 'bd0').toString());
  expect(proxy.nodes.devices).toEqual(['d0', 'd1', 'd1', 'd2']);
});

test('one range of an object whose own type is multipart/byteranges is that range, also when a node breaks', async () => {
  const headers = { 'content-type': 'multipart/byteranges;boundary=own' };
  made((request) => serve(request, ENTITY, { headers, ...(request.device === 'd0' ? { breakAfterBytes: 3 } : {}) }));
  const res = await get({ range: 'bytes=2-11' });
  expect([res.status, res.headers.get('content-range')]).toEqual([206, 'bytes 2-11/120']);
  expect((await res.bytes()).equals(slice(ENTITY, { start: 2, end: 12 }))).toBe(true);
  expect(proxy.nodes.devices).toEqual(['d0', 'd1']);
});
