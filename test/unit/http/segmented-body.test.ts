import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Handler, type Segment, SegmentError, type SegmentLimits } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeSwift } from '../../../src/testing.ts';
import { md5, stored } from './stored-objects.ts';

import {
  bytesOf,
  bodyOf,
  contentOf,
  brokenOff,
  threeSegments,
  PATHS,
  WHOLE,
  UNLIMITED,
} from './segmented-body-support.ts';

afterEach(() => {
  assertNoLeaks();
});

describe('a body of segments', () => {
  test('is one behind the other, asked for in the name of the user and marked with its source', async () => {
    const app = threeSegments();
    expect(await contentOf(bodyOf(app, WHOLE).body)).toBe('first segment,second segment,third segment');
    expect(app.calls).toEqual(PATHS.map((path) => `GET ${path}?multipart-manifest=get`));
    const [call] = app.requests;
    expect(call?.source).toBe('XLO');
    expect(Object.fromEntries(call?.headers ?? [])).toEqual({
      'x-auth-token': 't',
      referer: 'http://r/',
      'user-agent': 'curl XLO MultipartGET',
      host: 'localhost',
    });
  });

  test('is asked for with the rights of the user, unless told otherwise', async () => {
    for (const as of [undefined, 'preauthorized'] as const) {
      const overrides: boolean[] = [];
      const app = threeSegments();
      const asking: Handler = (req) => {
        overrides.push(req.env.authorizeOverride === true);
        return app(req);
      };
      await contentOf(bodyOf(asking, WHOLE, { as }).body);
      expect(overrides).toEqual(PATHS.map(() => as === 'preauthorized'));
    }
  });

  test('takes the bytes that are wanted of each, and bytes that stand in the manifest', async () => {
    const app = threeSegments();
    const segments = [
      { path: '/v1/a/s/1', start: 6, end: 9 },
      { data: bytesOf('<data>') },
      { path: '/v1/a/s/2', start: 7 },
      { path: '/v1/a/s/3', end: 5, sizeBytes: 13 },
    ];
    expect(await contentOf(bodyOf(app, segments, { lengthBytes: 22 }).body)).toBe('seg<data>segment,third');
    expect(app.requests.map(({ headers }) => headers.get('range'))).toEqual(['bytes=6-8', 'bytes=7-', 'bytes=0-4']);
  });

  test('may have segments that are themselves of the type of an answer with several ranges', async () => {
    const type = 'multipart/byteranges;boundary=x';
    const app = fakeSwift({ 'GET /v1/a/s/1': stored(bytesOf('first segment,'), 7, type) });
    const one = { path: '/v1/a/s/1', sizeBytes: 14 };
    expect(await contentOf(bodyOf(app, [{ ...one, start: 6, end: 9 }]).body)).toBe('seg');
    expect(await contentOf(bodyOf(app, [{ ...one, start: 6 }]).body)).toBe('segment,');
    const refused = { path: '/v1/a/s/1', start: 6, end: 99 };
    await expect(bodyOf(app, [refused]).body.begin()).rejects.toBeInstanceOf(SegmentError);
  });

  test('without segments is empty', async () => {
    expect(await contentOf(bodyOf(fakeSwift(), [], { lengthBytes: 0 }).body)).toBe('');
  });

  test('asks once for neighbours that are of one object', async () => {
    const app = threeSegments();
    const one = { path: '/v1/a/s/1', sizeBytes: 14 };
    const segments = [
      { ...one, end: 5 },
      { ...one, start: 5, end: 6 },
      one,
      { path: '/v1/a/s/2' },
      { ...one, start: 13 },
    ];
    expect(await contentOf(bodyOf(app, segments).body)).toBe('first first segment,second segment,,');
    expect(app.requests.map(({ headers }) => headers.get('range'))).toEqual([
      'bytes=0-4,5-5,0-13',
      undefined,
      'bytes=13-',
    ]);
  });

  test('does not join neighbours that are to have other ETags or sizes', async () => {
    const etag = md5('first segment,');
    const one = { path: '/v1/a/s/1', sizeBytes: 14, etag };
    for (const other of [
      { ...one, etag: md5('other') },
      { ...one, sizeBytes: 15 },
    ]) {
      const { read, error } = await brokenOff(bodyOf(threeSegments(), [one, { ...other, end: 2 }]).body);
      expect([read, error instanceof SegmentError]).toEqual(['first segment,', true]);
    }
  });

  test('does not join ranges that a server would refuse together', async () => {
    const app = threeSegments();
    const segments = Array.from({ length: 120 }, (_, at) => ({
      path: '/v1/a/s/1',
      sizeBytes: 14,
      start: at % 14,
      end: (at % 14) + 1,
    }));
    const expected = segments.map(({ start }) => 'first segment,'[start]).join('');
    expect(await contentOf(bodyOf(app, segments).body)).toBe(expected);
    expect(app.calls.length).toBeLessThan(30);
  });

  test('holds what slicing the concatenation holds, whatever the segments, ranges and chunks', async () => {
    const piece = fc.record({
      object: fc.nat({ max: 2 }),
      start: fc.nat({ max: 30 }),
      length: fc.option(fc.integer({ min: 1, max: 30 })),
      knowsSize: fc.boolean(),
      isData: fc.boolean(),
    });
    const contents = [40, 33, 64].map((size, at) =>
      Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + at * 50) % 256)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 70 }),
        async (pieces, pieceBytes) => {
          const app = fakeSwift(
            Object.fromEntries(contents.map((content, at) => [`GET /v1/a/s/${at}`, stored(content, pieceBytes)])),
          );
          const expected: Uint8Array[] = [];
          const segments = pieces.map(({ object, start, length, knowsSize, isData }): Segment => {
            const content = contents[object] as Buffer;
            const end = length === null ? undefined : Math.min(start + length, content.length);
            expected.push(content.subarray(start, end));
            if (isData) return { data: content.subarray(start, end) };
            return { path: `/v1/a/s/${object}`, start, end, sizeBytes: knowsSize ? content.length : undefined };
          });
          const whole = Buffer.concat(expected);
          const { body } = bodyOf(app, segments, { lengthBytes: whole.length });
          const chunks: Uint8Array[] = [];
          for await (const chunk of await body.begin()) chunks.push(chunk);
          expect(Buffer.concat(chunks).equals(whole)).toBe(true);
          assertNoLeaks(app);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('is cut into bodies of given lengths', async () => {
    const { body } = bodyOf(threeSegments(), WHOLE);
    await body.begin();
    const taken: string[] = [];
    for (const length of [3, 20, 0, 19]) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body.take(length)) chunks.push(chunk);
      taken.push(Buffer.concat(chunks).toString());
    }
    await body.close();
    expect(taken).toEqual(['fir', 'st segment,second se', '', 'gment,third segment']);
  });
});

describe('reading ahead', () => {
  test('asks for the next segment before the present one is at its end, and for no more than two', async () => {
    const app = fakeSwift(
      Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`GET /v1/a/s/${at}`, stored(bytesOf(`segment ${at}`), 1)])),
    );
    const segments = [1, 2, 3, 4, 5].map((at) => ({ path: `/v1/a/s/${at}`, likelyBytes: 9 }));
    const { body } = bodyOf(app, segments);
    await body.begin();
    const callsBeforeByte: number[] = [];
    for (let bytes = 0; bytes < 9; bytes++) {
      callsBeforeByte.push(app.calls.length);
      await body.read();
    }
    await body.close();
    expect(callsBeforeByte[0]).toBeLessThanOrEqual(2);
    expect(callsBeforeByte.at(-1)).toBe(3);
  });

  test('waits until little is left of a long segment', async () => {
    const long = Buffer.alloc(3 * 1024 * 1024, 'x');
    const app = fakeSwift({ 'GET /v1/a/s/1': stored(long, 65536), 'GET /v1/a/s/2': stored(bytesOf('end')) });
    const { body } = bodyOf(app, [{ path: '/v1/a/s/1' }, { path: '/v1/a/s/2' }]);
    await body.begin();
    let readBytes = 65536;
    while (app.calls.length < 2) readBytes += (await body.read())?.length ?? NaN;
    expect(long.length - readBytes).toBeGreaterThan(900_000);
    expect(long.length - readBytes).toBeLessThanOrEqual(1024 * 1024);
    await body.close();
  });

  test('that fails is told when its turn comes', async () => {
    const app = threeSegments();
    app.register({ 'GET /v1/a/s/2': 404 });
    const { body, req } = bodyOf(app, WHOLE);
    let read = String(await body.begin().then(() => body.read()));
    while (app.calls.length < 2) read += String(await body.read());
    // The failure waits, and nobody has asked for it yet.
    await setImmediate();
    const error: unknown = await (async () => {
      for (;;) read += String(await body.read());
    })().catch((thrown: unknown) => thrown);
    expect(read).toBe('first segment,');
    expect(error).toBeInstanceOf(SegmentError);
    expect(req.log.lines.join()).toContain('/v1/a/s/2 was answered with 404 Not Found');
  });
});

describe('several ranges in one answer', () => {
  test('must be those that were asked for', async () => {
    const app = fakeSwift({ 'GET /v1/a/s/1': stored(bytesOf('0123456789')) });
    const other: Handler = (req) => {
      req.headers.set('range', 'bytes=0-1,6-7');
      return app(req);
    };
    const one = { path: '/v1/a/s/1', sizeBytes: 10 };
    const { error } = await brokenOff(
      bodyOf(other, [
        { ...one, end: 2 },
        { ...one, start: 5, end: 7 },
      ]).body,
    );
    expect(String(error)).toContain('a part is not the bytes 5-6');
  });
});

describe('limits', () => {
  async function waits(limits: Partial<SegmentLimits>, segments: Iterable<Segment>): Promise<number[]> {
    const sleeps: number[] = [];
    let now = 1000;
    const { body } = bodyOf(threeSegments(), segments, {
      limits: { ...UNLIMITED, ...limits },
      now: () => now,
      sleep: (seconds) => {
        sleeps.push(seconds);
        now += seconds;
        return Promise.resolve();
      },
    });
    await contentOf(body);
    return sleeps;
  }

  test('let so many segments pass, and the others one after another', async () => {
    const segments = [...WHOLE, ...WHOLE];
    expect(await waits({ rateLimitAfterSegment: 2, rateLimitSegmentsPerSec: 2 }, segments)).toEqual([0.5, 0.5, 0.5]);
    expect(await waits({ rateLimitAfterSegment: 2, rateLimitSegmentsPerSec: 0 }, segments)).toEqual([]);
    expect(await waits({ rateLimitAfterSegment: 6, rateLimitSegmentsPerSec: 1 }, segments)).toEqual([]);
  });

  test('count only small segments where told so, and never data', async () => {
    const segments = [
      { path: '/v1/a/s/1', sizeBytes: 14 },
      { data: bytesOf('data') },
      { path: '/v1/a/s/2', sizeBytes: 15 },
      { path: '/v1/a/s/1', sizeBytes: 14 },
    ];
    expect(await waits({ rateLimitSegmentsPerSec: 1, rateLimitUnderSizeBytes: 15 }, segments)).toEqual([1]);
  });

  test('count every segment of those that are asked for at once', async () => {
    const one = { path: '/v1/a/s/1', sizeBytes: 14 };
    expect(await waits({ rateLimitSegmentsPerSec: 1 }, [one, one, one, { path: '/v1/a/s/2' }])).toEqual([2, 1]);
  });

  test('are not made up for by a client that was slow for long', async () => {
    const sleeps: number[] = [];
    let now = 1000;
    const slowly = async function* (): AsyncGenerator<Segment> {
      for (const segment of [...WHOLE, ...WHOLE]) {
        await Promise.resolve();
        yield segment;
        // The list runs one ahead of what is asked for.
        if (segment === WHOLE[1]) now += 100;
      }
    };
    const { body } = bodyOf(threeSegments(), slowly(), {
      limits: { ...UNLIMITED, rateLimitSegmentsPerSec: 1 },
      now: () => now,
      sleep: (seconds) => {
        sleeps.push(seconds);
        now += seconds;
        return Promise.resolve();
      },
    });
    await contentOf(body);
    expect(sleeps.length).toBeGreaterThanOrEqual(3);
    expect(new Set(sleeps)).toEqual(new Set([1]));
  });

  test('end a body that takes too long', async () => {
    let now = 0;
    const { body } = bodyOf(threeSegments(), WHOLE, { limits: { ...UNLIMITED, maxGetTimeSec: 3 }, now: () => now++ });
    const { read, error } = await brokenOff(body);
    expect(error).toBeInstanceOf(SegmentError);
    expect(read.length).toBeGreaterThan(0);
  });
});
