import { expect, test } from 'vitest';
import { addEtagIsAt, etagThatIsAt, ignoreRangeIfPresent, isRangeIgnored } from '../../../src/http/etag-is-at.ts';
import { Headers } from '../../../src/http/headers.ts';

const SLO = 'X-Object-Sysmeta-Slo-Etag';
const CRYPTO = 'X-Object-Sysmeta-Crypto-Etag';

test('names of several filters add up, and the outermost that the object has gives the ETag', () => {
  const headers = new Headers();
  addEtagIsAt(headers, CRYPTO);
  addEtagIsAt(headers, SLO);
  expect(headers.get('x-backend-etag-is-at')).toBe(`${CRYPTO},${SLO}`);
  const metadata = new Map([[SLO, 'slo']]);
  expect(etagThatIsAt(headers, (name) => metadata.get(name))).toBe('slo');
  metadata.set(CRYPTO, 'crypto');
  expect(etagThatIsAt(headers, (name) => metadata.get(name))).toBe('crypto');
});

test("without the header or the metadata the object's own ETag counts", () => {
  const headers = new Headers();
  expect(etagThatIsAt(headers, () => 'x')).toBeUndefined();
  addEtagIsAt(headers, SLO);
  expect(etagThatIsAt(headers, () => undefined)).toBeUndefined();
});

test('ranges are ignored when any of the named items is there', () => {
  const headers = new Headers();
  expect(isRangeIgnored(headers, () => true)).toBe(false);
  ignoreRangeIfPresent(headers, 'X-Static-Large-Object');
  ignoreRangeIfPresent(headers, 'X-Other');
  expect(isRangeIgnored(headers, (name) => name === 'X-Other')).toBe(true);
  expect(isRangeIgnored(headers, () => false)).toBe(false);
});
