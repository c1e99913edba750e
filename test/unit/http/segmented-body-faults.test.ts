import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Handler, type Segment, SegmentError, SwiftResponse } from '../../../src/middleware-api.ts';
import { assertNoLeaks } from '../../../src/testing.ts';
import { inPieces, md5, stored } from './stored-objects.ts';

import { bytesOf, bodyOf, brokenOff, threeSegments, WHOLE, UNLIMITED } from './segmented-body-support.ts';

afterEach(() => {
  assertNoLeaks();
});

describe('a segment that is not what it should be', () => {
  test.each([
    ['gone', 404, {}, 409],
    ['forbidden', 403, {}, 409],
    ['on a server that fails', 503, {}, 503],
    ['with another ETag', stored(bytesOf('other')), { etag: md5('first') }, 409],
    ['of another size', stored(bytesOf('other')), { sizeBytes: 4 }, 409],
    ['of another size than its range was cut from', stored(bytesOf('other')), { sizeBytes: 4, start: 1, end: 2 }, 409],
    ['too short for its range', stored(bytesOf('other')), { start: 3, end: 9 }, 409],
    ['whose range is not honoured', [200, 'other'] as const, { start: 1, end: 3 }, 409],
  ])('at the beginning (%s) is an answer of its own', async (_what, answer, wanted, status) => {
    const app = threeSegments();
    app.register({ 'GET /v1/a/s/1': answer });
    const { body } = bodyOf(app, [{ path: '/v1/a/s/1', ...wanted }, ...WHOLE.slice(1)]);
    const error = await body.begin().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SegmentError);
    expect((error as SegmentError).status).toBe(status);
    expect((error as SegmentError).toResponse().status).toBe(status);
  });

  test.each([
    ['shorter than it promised', [200, { 'content-length': 20 }, ['second', 'segment']] as const],
    ['longer than it promised', [200, { 'content-length': 5 }, ['second', 'segment']] as const],
    [
      'other bytes than its ETag promised',
      [200, { etag: md5('second'), 'content-length': 6 }, ['SEC', 'OND']] as const,
    ],
  ])('later on (%s) breaks the body', async (_what, answer) => {
    const app = threeSegments();
    app.register({ 'GET /v1/a/s/2': answer });
    const { error } = await brokenOff(bodyOf(app, WHOLE).body);
    expect(error).toBeInstanceOf(SegmentError);
  });

  test('whose server dies in the midst of it breaks the body with that', async () => {
    const app = threeSegments();
    const dying = async function* (): AsyncGenerator<Uint8Array> {
      yield* inPieces(bytesOf('sec'), 1);
      throw new Error('lost');
    };
    app.register({ 'GET /v1/a/s/2': () => new SwiftResponse(200, { 'content-length': 15 }, dying()) });
    const { read, error } = await brokenOff(bodyOf(app, WHOLE).body);
    expect([read, String(error)]).toEqual(['first segment,sec', 'Error: lost']);
  });

  test.each([[41], [43]])('makes the whole another length than the %i bytes promised', async (lengthBytes) => {
    const { read, error } = await brokenOff(bodyOf(threeSegments(), WHOLE, { lengthBytes }).body);
    expect(error).toBeInstanceOf(SegmentError);
    expect(read.length).toBeLessThanOrEqual(lengthBytes);
  });

  test('in the list of segments breaks the body behind those before it', async () => {
    const segments = async function* (): AsyncGenerator<Segment> {
      await Promise.resolve();
      yield { path: '/v1/a/s/1' };
      throw new SegmentError('no further page');
    };
    const { read, error } = await brokenOff(bodyOf(threeSegments(), segments()).body);
    expect([read, (error as Error).message]).toEqual(['first segment,', 'no further page']);
  });
});

describe('closing', () => {
  test('in the midst of it closes what is read, what is ahead and the list', async () => {
    const app = threeSegments();
    let closed = false;
    const segments = async function* (): AsyncGenerator<Segment> {
      await Promise.resolve();
      try {
        yield* WHOLE;
        yield* WHOLE;
      } finally {
        closed = true;
      }
    };
    const { body } = bodyOf(app, segments());
    await body.begin();
    await body.read();
    await body.close();
    expect([closed, await body.read(), app.unfinished.size]).toEqual([true, null, 0]);
  });

  test('of a segment that fails to close does not keep those behind it open', async () => {
    const app = threeSegments();
    const stubborn = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(bytesOf('first segment,'), 1);
      } finally {
        throw new Error('stuck');
      }
    };
    app.register({ 'GET /v1/a/s/1': () => new SwiftResponse(200, { 'content-length': 14 }, stubborn()) });
    let closed = false;
    const segments = async function* (): AsyncGenerator<Segment> {
      await Promise.resolve();
      try {
        yield* WHOLE;
        yield* WHOLE;
      } finally {
        closed = true;
      }
    };
    const { body } = bodyOf(app, segments());
    await body.begin();
    while (app.calls.length < 2) await body.read();
    await expect(body.close()).rejects.toThrow('stuck');
    expect([closed, app.unfinished.size]).toEqual([true, 0]);
  });

  test('before anything was read asks for nothing', async () => {
    const app = threeSegments();
    await bodyOf(app, WHOLE).body.close();
    expect(app.calls).toEqual([]);
  });

  test('ends a wait between segments', async () => {
    const app = threeSegments();
    const { body, req } = bodyOf(app, WHOLE, { limits: { ...UNLIMITED, rateLimitSegmentsPerSec: 0.0001 } });
    await body.begin();
    while (app.calls.length < 1) await body.read();
    await body.read();
    req.disconnect();
    await body.close();
    expect(app.unfinished.size).toBe(0);
  });
});

describe('closing in the meantime', () => {
  test('closes a segment that is opened only then', async () => {
    const app = threeSegments();
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const slow: Handler = async (req) => {
      const res = await app(req);
      if (req.path === '/v1/a/s/2') await gate;
      return res;
    };
    const { body } = bodyOf(slow, WHOLE);
    await body.begin();
    // The first segment is 14 bytes in pieces of 7: the third read waits for the second segment.
    await body.read();
    await body.read();
    const waiting = body.read();
    await setImmediate();
    const closing = body.close();
    open(undefined);
    expect(await waiting).toBe(null);
    await closing;
    expect(app.unfinished.size).toBe(0);
  });

  test('ends a wait between segments although the client is there', async () => {
    const { body } = bodyOf(threeSegments(), WHOLE, { limits: { ...UNLIMITED, rateLimitSegmentsPerSec: 0.0001 } });
    await body.begin();
    await body.read();
    await body.close();
    expect(await body.read()).toBe(null);
  });
});
