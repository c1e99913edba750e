import { createHmac } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import * as formpost from '../../../src/middleware/formpost.ts';
import { bodyStream, ClientDisconnect, readAll, SwiftResponse } from '../../../src/middleware-api.ts';
import { FormReader } from '../../../src/middleware/formpost/form-reader.ts';
import { parseDisposition } from '../../../src/middleware/formpost/part-head.ts';
import { assertNoLeaks, type FakeSwift, fakeSwift, load, request, startCluster, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const EXPIRES = '1999999999';
const TYPE = { 'content-type': 'multipart/form-data; boundary=XX' };

function field(name: string, value: string): string {
  return `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

function fieldsFor(path: string, key: string, size: number): [string, string][] {
  const signature = createHmac('sha256', key).update(`${path}\n\n${size}\n9\n${EXPIRES}`).digest('hex');
  return [
    ['max_file_size', String(size)],
    ['max_file_count', '9'],
    ['expires', EXPIRES],
    ['signature', signature],
  ];
}

function start(size = 1_000_000_000): string {
  return fieldsFor('/v1/a/c/p', 'key', size)
    .map(([name, value]) => field(name, value))
    .join('');
}

function fileHead(name: string): string {
  return `--XX\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n`;
}

function app(answers: Parameters<typeof fakeSwift>[0] = {}): FakeSwift {
  return fakeSwift({
    'HEAD /v1/a': [204],
    'HEAD /v1/a/c': [204, { 'x-container-meta-temp-url-key': 'key' }],
    ...answers,
  });
}

/** Cuts bytes at the places given, which may lie behind the end. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  let from = 0;
  return ends.map((end) => bytes.subarray(from, (from = end))).filter((piece) => piece.length > 0);
}

describe('formpost', () => {
  test('files are stored as they come, with the tag FP and without a length', async () => {
    const swift = app({ 'PUT /v1/a/c/pa.txt': 201, 'PUT /v1/a/c/pb': 201 });
    const body = `${start()}${fileHead('a.txt')}one\r\n\r\n${fileHead('b')}two\r\n--XX--\r\n`;
    const res = await (await load(formpost.filterFactory, {}, swift))(request('POST', '/v1/a/c/p', TYPE, body));
    expect([res.status, await text(res)]).toEqual([201, '201 Created']);
    const puts = swift.requests.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ target, body: stored, source }) => [target, stored.toString(), source])).toEqual([
      ['/v1/a/c/pa.txt', 'one\r\n', 'FP'],
      ['/v1/a/c/pb', 'two', 'FP'],
    ]);
    expect(puts[0]?.headers.get('transfer-encoding')).toBe('chunked');
  });

  test('a body cut at any bytes gives the same parts', async () => {
    const content = fc
      .array(fc.constantFrom('x', '\r', '\n', '-', '--XX', '\r\n--X', '\r\n-', 'X'))
      .map((parts) => parts.join(''));
    const places = fc.array(fc.nat(), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 4 }), places, async (contents, cuts) => {
        const body = contents.map((text) => `${fileHead('a')}${text}\r\n`).join('') + '--XX--\r\n';
        // The line break of the blank line behind the head belongs to a boundary that follows it at once.
        fc.pre(!contents.some((text) => `\r\n${text}`.includes('\r\n--XX')));
        const pieces = cut(Buffer.from(body), cuts);
        const form = new FormReader(bodyStream(chunks(pieces)), 'XX');
        const parts: string[] = [];
        while ((await form.nextPart()) !== undefined) {
          let part = '';
          for (let bytes = await form.read(); bytes !== null; bytes = await form.read()) part += bytes.toString();
          parts.push(part);
        }
        expect(parts).toEqual(contents);
      }),
    );
  });

  test('no bytes at all make it fail in another way than it should', async () => {
    const swift = app({ 'PUT /v1/a/c/pa': 201 });
    const filter = await load(formpost.filterFactory, {}, swift);
    const good = Buffer.from(`${start()}${fileHead('a')}one\r\n--XX--\r\n`);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length), fc.nat(10), fc.uint8Array({ maxLength: 10 }), async (at, length, bytes) => {
        const body = Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + length)]);
        swift.register({ [`PUT /v1/a/c/pa`]: 201 });
        const res = await filter(request('POST', '/v1/a/c/p', TYPE, body)).catch((error: unknown) => {
          // A name that was changed has no answer here.
          expect(String(error)).toContain('fakeSwift has no answer to PUT');
        });
        if (res !== undefined) expect([201, 400, 401]).toContain(res.status);
      }),
    );
  });

  test('a file that is too large breaks its upload off', async () => {
    let failure: unknown;
    const swift = app({
      'PUT /v1/a/c/pa': async (req) => {
        await readAll(req.body).catch((error: unknown) => (failure = error));
        return new SwiftResponse(500);
      },
    });
    const body = `${start(3)}${fileHead('a')}four\r\n--XX--\r\n`;
    const res = await (await load(formpost.filterFactory, {}, swift))(request('POST', '/v1/a/c/p', TYPE, body));
    expect([res.status, await text(res)]).toEqual([400, 'FormPost: max_file_size exceeded']);
    expect(String(failure)).toContain('max_file_size exceeded');
  });

  test('a client that goes in mid-file breaks the upload off', async () => {
    const swift = app({
      'PUT /v1/a/c/pa': async (req) => {
        await readAll(req.body);
        return new SwiftResponse(201);
      },
    });
    const filter = await load(formpost.filterFactory, {}, swift);
    const req = request(
      'POST',
      '/v1/a/c/p',
      TYPE,
      chunks([Buffer.from(`${start()}${fileHead('a')}half`)], () => req.disconnect()),
    );
    await expect(filter(req)).rejects.toBeInstanceOf(ClientDisconnect);
  });

  test('no more of a large file is read than is asked for', async () => {
    let produced = 0;
    async function* large(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${start()}${fileHead('a')}`);
      for (let at = 0; at < 1000; at++) {
        produced++;
        yield Buffer.alloc(65536, 'x');
      }
      yield Buffer.from('\r\n--XX--\r\n');
    }
    let ahead = 0;
    let length = 0;
    const swift = app({
      'PUT /v1/a/c/pa': async (req) => {
        for await (const bytes of bodyStream(req.body)) {
          length += bytes.length;
          ahead = Math.max(ahead, produced * 65536 - length);
        }
        return new SwiftResponse(201);
      },
    });
    const res = await (await load(formpost.filterFactory, {}, swift))(request('POST', '/v1/a/c/p', TYPE, large()));
    expect([res.status, length]).toEqual([201, 65_536_000]);
    expect(ahead).toBeLessThan(200_000);
    await res.close();
  });

  test('a boundary of a length that no program makes is refused before anything is read', async () => {
    const swift = app({ 'PUT /v1/a/c/pa': 201 });
    const filter = await load(formpost.filterFactory, {}, swift);
    const send = async (boundary: string): Promise<[number, string, string[]]> => {
      const type = { 'content-type': `multipart/form-data; boundary=${boundary}` };
      const body = `${start()}${fileHead('a')}one\r\n--XX--\r\n`.replaceAll('--XX', `--${boundary}`);
      const res = await filter(request('POST', '/v1/a/c/p', type, body));
      return [res.status, await text(res), [...swift.calls]];
    };
    expect(await send('b'.repeat(201))).toEqual([400, 'FormPost: invalid starting boundary', []]);
    expect((await send('b'.repeat(200)))[0]).toBe(201);
  });

  test('other requests pass untouched', async () => {
    const swift = app({ 'POST /v1/a/c': 204 });
    const filter = await load(formpost.filterFactory, {}, swift);
    for (const type of ['text/plain', 'multipart/form-data', 'multipart/mixed; boundary=XX']) {
      expect((await filter(request('POST', '/v1/a/c', { 'content-type': type }))).status).toBe(204);
    }
    expect(swift.calls).toEqual(['POST /v1/a/c', 'POST /v1/a/c', 'POST /v1/a/c']);
  });

  test('dispositions are read as far as they can be', () => {
    const { value, attributes } = parseDisposition('form-data; name="a;b"; filename=c d; filename*=x; late=1');
    expect([value, Object.fromEntries(attributes)]).toEqual(['form-data', { name: 'a;b', filename: 'c d' }]);
  });
});

async function* chunks(pieces: readonly Buffer[], atEnd?: () => void): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield piece;
  atEnd?.();
  if (atEnd !== undefined) yield Buffer.from('never read');
}

test('curl uploads several files into a cluster', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'formpost-'));
  try {
    await using cluster = await startCluster({ filters: [{ name: 'formpost', module: formpost }] });
    await cluster.fetch('/c', { method: 'PUT', headers: { 'X-Container-Meta-Temp-Url-Key': 'key' } });
    const large = Buffer.alloc(3_000_000, 'line\r\n--XX\r\n');
    await writeFile(join(folder, 'large.bin'), large);
    await writeFile(join(folder, 'caf\u00e9.txt'), 'small');
    const account = '/v1/AUTH_test';
    const fields = fieldsFor(`${account}/c/in/`, 'key', 5_000_000).flatMap(([name, value]) => [
      '-F',
      `${name}=${value}`,
    ]);
    const files = [
      '-F',
      `one=@${join(folder, 'large.bin')}`,
      '-F',
      `two=@${join(folder, 'caf\u00e9.txt')};type=text/x`,
    ];
    const { stdout } = await promisify(execFile)('curl', ['-s', ...fields, ...files, `${cluster.url}${account}/c/in/`]);
    expect(stdout).toBe('201 Created');
    const stored = await cluster.fetch('/c/in/large.bin');
    expect(Buffer.from(await stored.arrayBuffer()).equals(large)).toBe(true);
    const second = await cluster.fetch('/c/in/caf%C3%A9.txt');
    expect([second.headers.get('content-type'), await second.text()]).toEqual(['text/x', 'small']);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
