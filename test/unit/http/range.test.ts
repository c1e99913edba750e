import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bodyStream, readAll } from '../../../src/http/body.ts';
import { MultipartByteRanges } from '../../../src/http/multipart-byteranges.ts';
import { requestedRanges } from '../../../src/http/range.ts';

const golden = (name: string): string => readFileSync(new URL(`../../golden/http/${name}`, import.meta.url), 'utf8');

test('ranges are those that OpenStack Swift made of the same headers', () => {
  const vectors = JSON.parse(golden('ranges.json')) as [string, number, [number, number][] | null][];
  for (const [header, length, wanted] of vectors) {
    const ranges = requestedRanges(header, length);
    expect([header, length, ranges?.map(({ start, end }) => [start, end]) ?? null]).toEqual([header, length, wanted]);
  }
});

test('without a Range header there are no ranges', () => {
  expect(requestedRanges(undefined, 10)).toBeNull();
});

test('every range lies inside the entity', () => {
  const piece = fc.oneof(
    fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.nat(60).map((n) => `${n}-`),
    fc.nat(60).map((n) => `-${n}`),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 60 }), fc.nat(50), (pieces, length) => {
      const ranges = requestedRanges(`bytes=${pieces.join(',')}`, length) ?? [];
      for (const { start, end } of ranges) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(length);
        expect(start < end || length === 0).toBe(true);
      }
    }),
  );
});

test('several ranges are written as recorded, with their Content-Length', async () => {
  const entity = Buffer.from(Array.from({ length: 2560 }, (_, at) => at % 256));
  const ranges = requestedRanges('bytes=0-9,100-109,-5', entity.length) ?? [];
  const type = 'application/octet-stream';
  const parts = new MultipartByteRanges(ranges, type, entity.length, '448c950fdd124b976292aeffff7fc0a5');
  const body = await readAll(parts.body(({ start, end }) => entity.subarray(start, end)));
  const capture = JSON.parse(golden('043-object-get-multirange.json')) as {
    client_to_proxy: { response_body_latin1: string };
  };
  expect(body.toString('latin1')).toBe(capture.client_to_proxy.response_body_latin1);
  expect(parts.contentLength).toBe(body.length);
  expect(parts.contentType).toBe('multipart/byteranges;boundary=448c950fdd124b976292aeffff7fc0a5');
});

test('a long run of blanks costs no more than its length', () => {
  const blanks = ' '.repeat(200_000);
  expect(requestedRanges(`bytes=${blanks}x`, 10)).toBeNull();
  expect(requestedRanges(`bytes=0-${blanks}x`, 10)).toBeNull();
  expect(requestedRanges(`bytes=${blanks}0${blanks}-${blanks}4${blanks}`, 10)).toEqual([{ start: 0, end: 5 }]);
}, 2000);

test('closing a body of several ranges closes the open part and tells its owner once', async () => {
  const closed: string[] = [];
  const parts = new MultipartByteRanges([{ start: 0, end: 3 }], 'a/b', 10);
  const part = {
    ...bodyStream(Buffer.from('abc')),
    read: () => Buffer.from('abc'),
    close: () => void closed.push('part'),
  };
  const body = parts.body(
    () => part,
    () => void closed.push('owner'),
  );
  await body.read();
  await body.close();
  await body.close();
  expect(closed).toEqual(['part', 'owner']);
});
