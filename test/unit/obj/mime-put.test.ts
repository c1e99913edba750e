import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { bodyStream } from '../../../src/http/body.ts';
import { Headers } from '../../../src/http/headers.ts';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { MimeReader } from '../../../src/obj/mime-reader.ts';
import { type ObjectServerFixture, objectServer } from './support.ts';

const PATH = '/sdb1/7/AUTH_test/c/o';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
let server: ObjectServerFixture;

afterEach(async () => {
  await server.host.close();
});

function message(body: string, footers: string, checksum: string | undefined = md5(footers)): string {
  const checksumLine = checksum === '' ? '' : `Content-MD5: ${checksum}\r\n`;
  return (
    `--BB\r\nX-Document: object body\r\n\r\n${body}\r\n--BB\r\nX-Document: object metadata\r\n${checksumLine}` +
    `\r\n${footers}\r\n--BB--\r\n`
  );
}

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

function put(
  text: string,
  headers: Record<string, string> = {},
  sendContinue: (headers?: Headers) => void = () => undefined,
): Promise<SwiftResponse> {
  server = objectServer();
  const all = {
    'x-timestamp': '1700000010.00000',
    'content-type': 'a/b',
    'transfer-encoding': 'chunked',
    'x-backend-obj-metadata-footer': 'yes',
    'x-backend-obj-multipart-mime-boundary': 'BB',
    ...headers,
  };
  return server.request('PUT', PATH, all, pieces(text, 7), {
    sendContinue,
    signal: () => new AbortController().signal,
  });
}

test('footers are stored over headers, and the body is what stood before them', async () => {
  const footers = '{"X-Object-Sysmeta-Foo": "footer", "Etag": "900150983cd24fb0d6963f7d28e17f72"}';
  const response = await put(message('abc', footers), { 'x-object-sysmeta-foo': 'header', 'x-object-meta-bar': '1' });
  expect([response.status, response.headers.get('etag')]).toEqual([201, '"900150983cd24fb0d6963f7d28e17f72"']);
  const found = await server.request('GET', PATH);
  expect(await found.text()).toBe('abc');
  expect(found.headers.get('x-object-sysmeta-foo')).toBe('footer');
  expect(found.headers.get('x-object-meta-bar')).toBe('1');
});

test('the 100 says that footers are understood, when one was asked for', async () => {
  const continued: (string | undefined)[] = [];
  const note = (headers?: Headers): void => {
    continued.push(headers?.get('x-obj-metadata-footer'));
  };
  await put(message('abc', '{}'), { expect: '100-continue' }, note);
  expect(continued).toEqual(['yes']);
  await server.host.close();
  await put(message('abc', '{}'), {}, note);
  expect(continued).toEqual(['yes']);
});

test('footers override the fields of the container row, before headers', async () => {
  const response = await put(message('abc', '{"X-Object-Sysmeta-Container-Update-Override-Etag": "footer"}'), {
    'x-object-sysmeta-container-update-override-etag': 'header',
    'x-container-partition': '3',
    'x-container-host': '127.0.0.1:6001',
    'x-container-device': 'sda',
  });
  expect(response.status).toBe(201);
  const [kept] = await server.pending();
  expect(new Map(kept?.headers).get('X-Etag')).toBe('footer');
});

test.each<[string, string, Record<string, string>, number, string]>([
  ['a checksum that is wrong', message('abc', '{}', 'x'), {}, 422, 'footer MD5 mismatch'],
  ['no checksum', message('abc', '{}', ''), {}, 400, 'no Content-MD5 in footer'],
  ['footers that are no JSON', message('abc', '{'), {}, 400, 'invalid JSON for footer doc'],
  ['footers that are a list', message('abc', '[1]'), {}, 400, 'invalid JSON for footer doc'],
  ['a footer that is no text', message('abc', '{"a": 1}'), {}, 400, 'invalid JSON for footer doc'],
  ['no footers', '--BB\r\nX-Document: object body\r\n\r\nabc\r\n--BB--\r\n', {}, 400, "couldn't find footer MIME doc"],
  ['an end within the body', '--BB\r\nX-Document: object body\r\n\r\nabc', {}, 400, "couldn't find footer MIME doc"],
  ['what is no MIME message', 'hello, world', {}, 400, 'invalid MIME document'],
  ['no boundary', 'hello', { 'x-backend-obj-multipart-mime-boundary': '' }, 400, 'no MIME boundary'],
  ['an Etag footer that does not fit', message('abc', '{"Etag": "abc"}'), {}, 422, ''],
  ['a body shorter than promised', message('abc', '{}'), { 'x-backend-obj-content-length': '5' }, 499, ''],
  ['a body longer than promised', message('abc', '{}'), { 'x-backend-obj-content-length': '2' }, 499, ''],
])('%s is refused and leaves nothing', async (_, text, headers, status, reason) => {
  const response = await put(text, headers);
  expect(response.status).toBe(status);
  expect(await response.text()).toContain(reason);
  expect((await server.request('GET', PATH)).status).toBe(404);
});

test('parts are read the same however the message is cut, delimiters in the data included', async () => {
  const data = fc.stringMatching(/^[-B\r\na]{0,40}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(data, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 50 }),
      async (parts, size) => {
        fc.pre(parts.every((part) => !`\r\n${part}\r\n`.includes('\r\n--BB')));
        const text = parts.map((part, at) => `--BB\r\nX-Part: ${at}\r\n\r\n${part}\r\n`).join('') + '--BB--\r\n';
        const reader = new MimeReader(bodyStream(pieces(text, size)), 'BB');
        for (const [at, part] of parts.entries()) {
          expect((await reader.nextPart())?.get('x-part')).toBe(String(at));
          let read = '';
          for (let chunk = await reader.readPart(); chunk !== null; chunk = await reader.readPart()) {
            read += Buffer.from(chunk).toString('latin1');
          }
          expect(read).toBe(part);
        }
        expect(await reader.nextPart()).toBeUndefined();
        await reader.drain();
      },
    ),
    { numRuns: 300 },
  );
});
