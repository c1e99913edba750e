import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ByteRange, contentRange } from '../../../src/http/range.ts';
import { type BodyStream, bodyStream, readAll } from '../../../src/http/body.ts';
import { ByteRangesReader, isMultipartByteRanges } from '../../../src/http/byteranges-reader.ts';
import { MultipartByteRanges } from '../../../src/http/multipart-byteranges.ts';
import { inPieces } from './stored-objects.ts';

const ENTITY = Buffer.from(Array.from({ length: 200 }, (_, at) => at));

function slice({ start, end }: ByteRange): Buffer {
  return ENTITY.subarray(start, end);
}

/** What a server sends for these ranges, in pieces. */
async function answer(ranges: readonly ByteRange[], pieceBytes: number): Promise<BodyStream> {
  const parts = new MultipartByteRanges(ranges, 'text/x', ENTITY.length);
  return bodyStream(inPieces(await readAll(parts.body(slice)), pieceBytes));
}

test('gives the bytes of the parts whatever the pieces in which they come', async () => {
  const range = fc.tuple(fc.nat(150), fc.integer({ min: 1, max: 50 })).map(([start, length]) => ({
    start,
    end: start + length,
  }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(range, { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 1, max: 90 }),
      async (ranges, pieceBytes) => {
        const read = await readAll(new ByteRangesReader(await answer(ranges, pieceBytes), ranges));
        expect(read.equals(Buffer.concat(ranges.map(slice)))).toBe(true);
      },
    ),
  );
});

const RANGES: readonly ByteRange[] = [
  { start: 0, end: 4 },
  { start: 10, end: 14 },
];

test('refuses an answer that ends early, in a part or in front of one', async () => {
  const whole = await readAll(await answer(RANGES, 1000));
  for (const [end, reason] of [
    [whole.indexOf(slice(RANGES[0] as ByteRange)) + 2, 'within a part'],
    [whole.indexOf(contentRange(RANGES[1] as ByteRange, 200)), 'before its last part'],
  ] as const) {
    await expect(readAll(new ByteRangesReader(bodyStream(whole.subarray(0, end)), RANGES))).rejects.toThrow(reason);
  }
});

test('does not keep an endless head of a part', async () => {
  let sentBytes = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      await Promise.resolve();
      sentBytes += 1000;
      if (sentBytes > 1_000_000) throw new Error('all of it was taken');
      yield Buffer.alloc(1000, 'x');
    }
  };
  await expect(readAll(new ByteRangesReader(bodyStream(endless()), RANGES))).rejects.toThrow('no end to the head');
  expect(sentBytes).toBeLessThan(20_000);
});

test('is for the Content-Type of several ranges alone', () => {
  const types = ['multipart/byteranges;boundary=x', ' Multipart/ByteRanges ; boundary=x', 'multipart/byteranges'];
  expect(types.every(isMultipartByteRanges)).toBe(true);
  expect(['multipart/byterangesx', 'text/plain', '', undefined].some(isMultipartByteRanges)).toBe(false);
});
