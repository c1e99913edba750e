import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BodyDigest } from '../../../src/http/body-digest.ts';

const [ONE, TWO, THREE] = ['one', 'two', 'three'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];

function digestOf(chunks: readonly Buffer[]): BodyDigest {
  const digest = new BodyDigest();
  expect(digest.take()).toBe(true);
  for (const chunk of chunks) digest.update(chunk);
  return digest;
}

describe('the digest of a body that several servers read', () => {
  test.each([
    ['no chunk', []],
    ['one chunk', [ONE]],
    ['several chunks', [ONE, TWO, THREE]],
  ])('is the MD5 of %s', (_, chunks) => {
    const bytes = Buffer.concat(chunks);
    expect(digestOf(chunks).hex(bytes.length)).toBe(hash('md5', bytes, 'hex'));
  });

  test('is the same for each server that asks', () => {
    const digest = digestOf([ONE, TWO]);
    expect(digest.take()).toBe(true);
    expect(digest.hex(6)).toBe(digest.hex(6));
  });

  test('is refused to a server that stored another number of bytes', () => {
    expect(() => digestOf([ONE, TWO]).hex(3)).toThrow('3 bytes were stored, 6 were sent and hashed');
  });

  test('cannot be taken once bytes went by without a server that wanted it', () => {
    const digest = new BodyDigest();
    digest.update(ONE);
    expect(digest.take()).toBe(false);
  });
});
