import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Handler, requestedRanges, type SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';
import { assertNoLeaks, request, text } from '../../../src/testing.ts';
import { md5 } from '../http/stored-objects.ts';

import {
  UNLIMITED,
  LARGE,
  type Row,
  listing,
  MANIFEST_HEADERS,
  swiftWith,
  ROWS,
  WHOLE,
  dlo,
  send,
} from './dlo-support.ts';

afterEach(() => {
  assertNoLeaks();
});

describe('ranges', () => {
  test.each([
    ['bytes=0-3', 206, 'aaaa', 'bytes 0-3/12'],
    ['bytes=2-4', 206, 'aab', 'bytes 2-4/12'],
    ['bytes=4-', 206, 'bbbbbbcc', 'bytes 4-11/12'],
    ['bytes=-3', 206, 'bcc', 'bytes 9-11/12'],
    ['bytes=-99', 206, WHOLE, 'bytes 0-11/12'],
    ['bytes=0-99', 206, WHOLE, 'bytes 0-11/12'],
    ['bytes=0-1,5-6', 200, WHOLE, undefined],
    ['lines=0-1', 200, WHOLE, undefined],
  ])('%s is answered with %i', async (range, status, body, contentRange) => {
    const res = await send(swiftWith(ROWS), 'GET', { range });
    expect([res.status, await text(res), res.headers.get('content-range')]).toEqual([status, body, contentRange]);
    expect(res.headers.get('content-length')).toBe(String(body.length));
  });

  test.each(['bytes=12-', 'bytes=50-60', 'bytes=-0'])(
    '%s cannot be satisfied, and nothing is told of the manifest',
    async (range) => {
      const res = await send(swiftWith(ROWS), 'GET', { range });
      expect(res.status).toBe(416);
      expect([...res.headers.names()].sort()).toEqual([
        'accept-ranges',
        'content-length',
        'content-range',
        'content-type',
      ]);
      expect(res.headers.get('content-range')).toBe('bytes */12');
      await res.close();
    },
  );

  test('asks segments for no more than is wanted', async () => {
    const app = swiftWith(ROWS);
    await text(await send(app, 'GET', { range: 'bytes=2-4' }));
    expect(app.requests.slice(2).map(({ headers }) => headers.get('range'))).toEqual(['bytes=2-', 'bytes=0-0']);
  });

  test('give what slicing the whole gives, whatever the segments and the size of a page', async () => {
    const range = fc.oneof(
      fc.tuple(fc.nat(60), fc.nat(60)).map(([start, length]) => `bytes=${start}-${start + length}`),
      fc.nat(60).map((start) => `bytes=${start}-`),
      fc.integer({ min: 1, max: 60 }).map((count) => `bytes=-${count}`),
    );
    const sizes = fc.array(fc.nat(9), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.option(range), fc.integer({ min: 2, max: 13 }), async (lengths, header, limit) => {
        const rows = lengths.map((length, at): Row => ({
          name: `p q/${String(at).padStart(2, '0')}`,
          content: String.fromCharCode(97 + at).repeat(length),
        }));
        const whole = rows.map(({ content }) => content).join('');
        const app = swiftWith(rows, limit);
        const handler = await dlo(app, UNLIMITED, limit);
        const res = await handler(request('GET', LARGE, header === null ? {} : { range: header }));
        const body = await text(res);
        if (res.status === 200) expect(body).toBe(whole);
        if (res.status === 206) {
          const [wanted] = requestedRanges(header ?? undefined, whole.length) ?? [];
          expect(body).toBe(whole.slice(wanted?.start, wanted?.end));
        }
        if (res.status === 416) expect(requestedRanges(header ?? undefined, whole.length)).toEqual([]);
        else expect([200, 206]).toContain(res.status);
        const isComplete = rows.length < limit;
        if (isComplete) expect(res.headers.has('content-length')).toBe(true);
        expect(app.unfinished.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('more segments than a page of the listing', () => {
  const rows = Array.from({ length: 7 }, (_, at): Row => ({ name: `p q/${at}`, content: `${at}`.repeat(3) }));
  const whole = '000111222333444555666';

  test('are listed page by page while they are read; length and ETag of the whole are not known', async () => {
    const app = swiftWith(rows, 3);
    const res = await (await dlo(app, UNLIMITED, 3))(request('GET', LARGE));
    expect([res.headers.has('content-length'), res.headers.get('etag')]).toEqual([false, md5('')]);
    expect(app.calls.filter((call) => call.includes('prefix'))).toHaveLength(1);
    expect(await text(res)).toBe(whole);
    expect(app.calls.filter((call) => call.includes('prefix'))).toEqual([
      'GET /v1/a/segs?prefix=p%20q%2F',
      'GET /v1/a/segs?prefix=p%20q%2F&marker=p%20q%2F2',
      'GET /v1/a/segs?prefix=p%20q%2F&marker=p%20q%2F5',
    ]);
  });

  test('give a range that the first page holds, and ignore one that it may not hold', async () => {
    const handler = await dlo(swiftWith(rows, 3), UNLIMITED, 3);
    const inside = await handler(request('GET', LARGE, { range: 'bytes=1-4' }));
    expect([inside.status, inside.headers.get('content-range'), await text(inside)]).toEqual([
      206,
      'bytes 1-4/9',
      '0011',
    ]);
    for (const range of ['bytes=1-9', 'bytes=-1', 'bytes=3-']) {
      const beyond = await handler(request('GET', LARGE, { range }));
      expect([beyond.status, await text(beyond)]).toEqual([200, whole]);
    }
  });

  test('end the connection when a further page cannot be had', async () => {
    const app = swiftWith(rows, 3);
    const list = listing(rows, 3) as (req: SwiftRequest) => SwiftResponse;
    app.register({ 'GET /v1/a/segs': (req) => (req.params.has('marker') ? new SwiftResponse(503) : list(req)) });
    const res = await (await dlo(app, UNLIMITED, 3))(request('GET', LARGE));
    await expect(text(res)).rejects.toThrow('the listing of /v1/a/segs was answered with 503');
  });

  test('past ten thousand are read with flat memory', async () => {
    const [count, segmentBytes] = [25_000, 4096];
    const content = Buffer.alloc(segmentBytes, 'x');
    const names = Array.from({ length: count }, (_, at) => String(at).padStart(6, '0'));
    const hash = md5(content);
    const app: Handler = (req) => {
      if (req.path === LARGE) return Promise.resolve(new SwiftResponse(200, MANIFEST_HEADERS));
      if (req.path !== '/v1/a/segs') {
        return Promise.resolve(new SwiftResponse(200, { etag: hash, 'content-length': segmentBytes }, content));
      }
      const start = Number(req.params.get('marker') ?? -1) + 1;
      const page = names.slice(start, start + 10_000).map((name) => ({ name, bytes: segmentBytes, hash }));
      return Promise.resolve(new SwiftResponse(200, {}, Buffer.from(JSON.stringify(page))));
    };
    const res = await (await dlo(app))(request('GET', LARGE));
    let [readBytes, peakBytes] = [0, 0];
    const before = process.memoryUsage().arrayBuffers;
    for await (const chunk of res.body as AsyncIterable<Uint8Array>) {
      readBytes += chunk.length;
      if (readBytes % 1_024_000 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before);
    }
    expect(readBytes).toBe(count * segmentBytes);
    expect(peakBytes).toBeLessThan(32 * 1024 * 1024);
  });
});
