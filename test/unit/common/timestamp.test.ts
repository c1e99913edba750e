import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeTimestamps, encodeTimestamps, normalizeDeleteAt, Timestamp } from '../../../src/common/timestamp.ts';

interface Vectors {
  parse: {
    in: string | number;
    normal: string;
    internal: string;
    short: string;
    raw: number;
    offset: number;
    iso: string;
    ceil: number;
  }[];
  encode: { t1: string; t2: string | null; t3: string | null; explicit: boolean; encoded: string }[];
  decode: { in: string; explicit: boolean; out: (string | null)[] }[];
  compare: [string, string, number][];
  invert: [string, string][];
  delete_at: [number | string, string, string][];
  errors: { in: string }[];
  http_date_ceil: [string, string][];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../golden/vectors/timestamps.json', import.meta.url), 'utf8'),
) as Vectors;
const parse = (text: string | null): Timestamp | undefined => (text === null ? undefined : Timestamp.parse(text));

describe('recorded timestamps of Python Swift', () => {
  test.each(vectors.parse.map((vector) => [String(vector.in), vector] as const))('parse %s', (text, vector) => {
    const timestamp = Timestamp.parse(text);
    expect({ raw: timestamp.raw, offset: Number(timestamp.offset) }).toEqual({
      raw: vector.raw,
      offset: vector.offset,
    });
    expect(timestamp.normal).toBe(vector.normal);
    expect(timestamp.internal).toBe(vector.internal);
    expect(timestamp.short).toBe(vector.short);
    expect(timestamp.isoFormat).toBe(vector.iso);
    expect(timestamp.ceilSeconds).toBe(vector.ceil);
  });

  test('the encoded triple is written and read as recorded', () => {
    for (const { t1, t2, t3, explicit, encoded } of vectors.encode) {
      expect(encodeTimestamps(Timestamp.parse(t1), parse(t2), parse(t3), explicit)).toBe(encoded);
    }
    for (const { in: text, explicit, out } of vectors.decode) {
      const decoded = explicit ? decodeTimestamps(text, true) : decodeTimestamps(text);
      expect(decoded.map((timestamp) => timestamp?.internal ?? null)).toEqual(out);
    }
  });

  test('order, inverse, delete-at and HTTP dates are as recorded', () => {
    for (const [a, b, sign] of vectors.compare)
      expect(Math.sign(Timestamp.parse(a).compare(Timestamp.parse(b)))).toBe(sign);
    for (const [text, inverse] of vectors.invert) expect(Timestamp.parse(text).invert().internal).toBe(inverse);
    for (const [seconds, normalized] of vectors.delete_at) expect(normalizeDeleteAt(Number(seconds))).toBe(normalized);
    for (const [text, date] of vectors.http_date_ceil) expect(Timestamp.parse(text).httpDate).toBe(date);
  });

  test.each(vectors.errors.map((vector) => vector.in))('%j is refused', (text) => {
    expect(() => Timestamp.parse(text)).toThrow('not a timestamp');
  });
});
