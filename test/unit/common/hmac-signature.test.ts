import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allowedDigests, isSignedBy, parseSignature } from '../../../src/common/hmac-signature.ts';

const digests = fc.constantFrom('sha1', 'sha256', 'sha512');

test('a signature in hex, in base64 and in base64 for URLs, padded or not, is good for its key and message alone', () => {
  const form = fc.constantFrom('hex', 'base64', 'base64url', 'padded');
  fc.assert(
    fc.property(digests, form, fc.string(), fc.string(), fc.string(), (digest, how, key, message, other) => {
      const hmac = createHmac(digest, key).update(message);
      const sent =
        how === 'hex' ? hmac.digest('hex') : `${digest}:${hmac.digest(how === 'base64url' ? how : 'base64')}`;
      const signature = parseSignature(how === 'padded' ? `${sent}==` : sent);
      if (signature === undefined) throw new Error(`${sent} is not understood`);
      expect(signature.digest).toBe(digest);
      expect(isSignedBy(signature, key, message)).toBe(true);
      if (other !== message) expect(isSignedBy(signature, key, other)).toBe(false);
      if (other !== key && key !== '' && other !== '') {
        const sameKey = Buffer.from(key).equals(Buffer.from(other));
        expect(isSignedBy(signature, other, message)).toBe(sameKey);
      }
    }),
  );
});

test('no text at all makes the parser throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSignature(text)));
});

test('what is no signature is none', () => {
  for (const text of [
    '',
    'abc',
    'g'.repeat(40),
    'a'.repeat(41),
    'md5:AAAA',
    'SHA1:AAAA',
    'sha1:A',
    'sha1:A-/A',
    'sha1:A A=',
  ]) {
    expect(parseSignature(text), text).toBeUndefined();
  }
});

test('digests are allowed by name in any case; what is not supported or deprecated is told', () => {
  const warnings: string[] = [];
  const warn = (message: string): number => warnings.push(message);
  expect(allowedDigests('', warn)).toEqual({ allowed: ['sha1', 'sha256', 'sha512'], deprecated: ['sha1'] });
  expect(allowedDigests(' SHA512  md5 ', warn)).toEqual({ allowed: ['sha512'], deprecated: [] });
  expect(warnings).toEqual([
    'signatures of a deprecated digest are allowed because allowed_digests is not set: sha1',
    'allowed_digests names what is not supported: md5',
  ]);
  expect(() => allowedDigests('md5', warn)).toThrow('allowed_digests: expected sha1 or sha256 or sha512, not "md5"');
});

test('a signature in base64 that is right as far as it goes is none', () => {
  const whole = createHmac('sha256', 'key').update('message').digest();
  for (const length of [0, 3, 31, 32]) {
    const signature = parseSignature(`sha256:${whole.toString('base64', 0, length)}`);
    expect(signature !== undefined && isSignedBy(signature, 'key', 'message')).toBe(length === 32);
  }
});
