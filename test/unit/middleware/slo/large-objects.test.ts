import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { filterFactory } from '../../../../src/middleware/slo.ts';
import { type Handler, requestedRanges, type SwiftResponse } from '../../../../src/middleware-api.ts';
import { bytes, load, request } from '../../../../src/testing.ts';
import { objectStore, type Store } from './object-store.ts';

const UNLIMITED = { rate_limit_segments_per_sec: '0' };
const stores: Store[] = [];

afterEach(() => {
  for (const { unfinished } of stores.splice(0)) expect([...unfinished]).toEqual([]);
});

function newStore(): Store {
  const store = objectStore();
  stores.push(store);
  return store;
}

const bytesArbitrary = fc.uint8Array({ minLength: 1, maxLength: 40 });
/** One range of something: first and last byte in thousandths of its length. */
const spanArbitrary = fc.option(fc.tuple(fc.nat(999), fc.nat(999)), { nil: undefined });
const itemArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('object' as const), which: fc.nat(99), span: spanArbitrary }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('data' as const), data: bytesArbitrary }) },
);
const rangeArbitrary = fc.oneof(
  fc.tuple(fc.nat(400), fc.nat(60)).map(([start, more]) => `${start}-${start + more}`),
  fc.nat(400).map((start) => `${start}-`),
  fc.integer({ min: 1, max: 400 }).map((count) => `-${count}`),
);
const storeArbitrary = fc.record({
  leaves: fc.array(bytesArbitrary, { minLength: 1, maxLength: 4 }),
  /** Each may name leaves and those before it. */
  manifests: fc.array(fc.array(itemArbitrary, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
  headers: fc.array(fc.array(rangeArbitrary, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
});

interface Named {
  readonly path: string;
  readonly content: Buffer;
}

/** The bytes of a manifest's items, and the items as a client puts them. */
function modelOf(
  items: readonly (typeof itemArbitrary extends fc.Arbitrary<infer T> ? T : never)[],
  named: readonly Named[],
): { input: unknown[]; content: Buffer } {
  const input: unknown[] = [];
  const parts: Buffer[] = [];
  for (const item of items) {
    if (item.kind === 'data') {
      input.push({ data: Buffer.from(item.data).toString('base64') });
      parts.push(Buffer.from(item.data));
      continue;
    }
    const { path, content } = named[item.which % named.length] as Named;
    if (item.span === undefined) {
      input.push({ path });
      parts.push(content);
      continue;
    }
    const [first, last] = item.span.map((part) => Math.floor((part * content.length) / 1000)).sort((a, b) => a - b) as [
      number,
      number,
    ];
    input.push({ path, range: `${first}-${last}` });
    parts.push(content.subarray(first, last + 1));
  }
  return { input, content: Buffer.concat(parts) };
}

async function answerBytes(res: SwiftResponse): Promise<Buffer> {
  const body = await bytes(res);
  const boundary = /boundary=(\w+)/.exec(res.headers.get('content-type') ?? '')?.[1];
  if (boundary === undefined) return body;
  expect(body.length).toBe(res.contentLength);
  const parts = body.toString('latin1').split(`--${boundary}`).slice(1, -1);
  return Buffer.concat(parts.map((part) => Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4, -2), 'latin1')));
}

async function checkRange(slo: Handler, path: string, content: Buffer, header: string): Promise<void> {
  const res = await slo(request('GET', `/v1/a${path}`, { range: header }));
  const ranges = requestedRanges(header, content.length);
  if (ranges?.length === 0) {
    expect([res.status, res.headers.get('content-range')]).toEqual([416, `bytes */${content.length}`]);
    await bytes(res);
    return;
  }
  const wanted = ranges ?? [{ start: 0, end: content.length }];
  expect(res.status).toBe(ranges === null ? 200 : 206);
  expect(await answerBytes(res)).toEqual(Buffer.concat(wanted.map(({ start, end }) => content.subarray(start, end))));
}

test('any large object of ranges, data and nested manifests reads as the bytes that it is made of, whole and in ranges', async () => {
  await fc.assert(
    fc.asyncProperty(storeArbitrary, async ({ leaves, manifests, headers }) => {
      const store = newStore();
      const slo = await load(filterFactory, UNLIMITED, store.app);
      const named: Named[] = leaves.map((content, at) => ({ path: `/c/leaf ${at}`, content: Buffer.from(content) }));
      for (const { path, content } of named) {
        store.objects.set(`/v1/a${path}`, { body: content, headers: request('GET', '/').headers });
      }
      for (const [at, items] of manifests.entries()) {
        const path = `/c/manifest ${at}`;
        const withObject = [...items, { kind: 'object' as const, which: at, span: undefined }];
        const { input, content } = modelOf(withObject, named);
        const put = request('PUT', `/v1/a${path}?multipart-manifest=put`, {}, JSON.stringify(input));
        expect((await slo(put)).status).toBe(201);
        const res = await slo(request('GET', `/v1/a${path}`));
        expect([res.status, res.contentLength]).toEqual([200, content.length]);
        expect(await bytes(res)).toEqual(content);
        for (const ranges of headers) await checkRange(slo, path, content, `bytes=${ranges.join(',')}`);
        named.push({ path, content });
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('the ETag is one and the same however often a manifest is put, and HEAD tells it with the size', async () => {
  const store = newStore();
  const slo = await load(filterFactory, UNLIMITED, store.app);
  store.put('/v1/a/c/1', 'hello');
  const input = JSON.stringify([{ path: '/c/1', range: '1-2' }, { data: 'AAAA' }]);
  const first = await slo(request('PUT', '/v1/a/c/m?multipart-manifest=put', {}, input));
  const second = await slo(request('PUT', '/v1/a/c/m?multipart-manifest=put', {}, input));
  const head = await slo(request('HEAD', '/v1/a/c/m'));
  expect(first.headers.get('etag')).toBe(second.headers.get('etag'));
  expect([head.headers.get('etag'), head.contentLength]).toEqual([first.headers.get('etag'), 5]);
});
