import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/bulk.ts';
import { readAll, SwiftResponse } from '../../../src/middleware-api.ts';
import {
  assertNoLeaks,
  type FakeAnswers,
  fakeHost,
  type FakeSwift,
  fakeSwift,
  load,
  request,
  text,
} from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

/** A tar archive by the system's tar. */
function tarOf(files: Record<string, string | Buffer>, args: readonly string[] = []): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'apus-bulk-'));
  try {
    // Names that a file system would not take all alike are made by tar itself.
    const entries = Object.entries(files).map(([name, data], at) => ({ name, data, file: `f${at}` }));
    for (const { file, data } of entries) writeFileSync(join(folder, file), data);
    const archive = join(folder, 'archive.tar');
    entries.forEach(({ name, file }, at) => {
      const renaming = `--transform=s,^.*$,${name.replace(/[\\,&]/g, '\\$&').replaceAll('\n', '\\n')},`;
      execFileSync('tar', [at === 0 ? '-cf' : '-rf', archive, '-C', folder, ...args, renaming, file]);
    });
    return execFileSync('cat', [archive]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Report {
  'Response Status': string;
  'Response Body': string;
  'Number Files Created': number;
  Errors: [string, string][];
}

const CONTAINER: FakeAnswers = { 'HEAD /v1/a/c': 204 };

async function extract(
  app: FakeSwift,
  archive: Buffer,
  type = 'tar',
  conf: Record<string, string> = {},
): Promise<Report> {
  const filter = await load(filterFactory, conf, app);
  const chunks = [archive.subarray(0, 700), archive.subarray(700)];
  const req = request(
    'PUT',
    `/v1/a?extract-archive=${type}`,
    { accept: 'application/json', 'x-auth-token': 'tk' },
    chunks,
  );
  const res = await filter(req);
  expect(res.status).toBe(200);
  return JSON.parse(await text(res)) as Report;
}

function stored(app: FakeSwift): Record<string, string> {
  const puts = app.requests.filter(({ method }) => method === 'PUT');
  return Object.fromEntries(puts.map(({ target, body }) => [target, body.toString()]));
}

describe('extraction', () => {
  test.each([
    ['tar', (tar: Buffer) => tar],
    ['tar.gz', (tar: Buffer) => gzipSync(tar)],
    ['.TAR.BZ2', (tar: Buffer) => execFileSync('bzip2', ['-c'], { input: tar })],
  ])('of a %s stores each file with a PUT of its own', async (type, compress) => {
    const big = 'x'.repeat(200_000);
    const app = fakeSwift({ ...CONTAINER, 'PUT /v1/a/c/one': 201, 'PUT /v1/a/c/d/two': 201 });
    const report = await extract(app, compress(tarOf({ './c/one': big, '/c/d/two': '', base: 'left out' })), type);
    expect(report).toEqual({
      'Response Status': '201 Created',
      'Response Body': '',
      'Number Files Created': 2,
      Errors: [],
    });
    expect(stored(app)).toEqual({ '/v1/a/c/one': big, '/v1/a/c/d/two': '' });
    const put = app.requests.find(({ method }) => method === 'PUT');
    expect([put?.source, put?.headers.get('content-length'), put?.headers.get('x-auth-token')]).toEqual([
      'EA',
      '200000',
      'tk',
    ]);
  });

  test('makes containers that are not there, as many as it may', async () => {
    const app = fakeSwift({ 'HEAD /v1/a/c': 404, 'PUT /v1/a/c': 201, 'PUT /v1/a/c/o': 201, 'HEAD /v1/a/d': 404 });
    const report = await extract(app, tarOf({ 'c/o': '1', 'd/o': '2' }), 'tar', { max_containers_per_extraction: '1' });
    expect(report['Response Body']).toBe('More than 1 containers to create from tar.');
    expect(report['Number Files Created']).toBe(1);
  });

  test('ends at once when the client is not who it says', async () => {
    const app = fakeSwift({ 'HEAD /v1/a/c': 401 });
    const report = await extract(app, tarOf({ 'c/o': '1', 'c/p': '2' }));
    expect([report['Response Status'], app.calls]).toEqual(['401 Unauthorized', ['HEAD /v1/a/c']]);
  });

  test('goes on behind files that cannot be stored, and lists them', async () => {
    const app = fakeSwift({
      ...CONTAINER,
      'PUT /v1/a/c/%3Co%3E': () => new SwiftResponse(413),
      'PUT /v1/a/c/p': 201,
      'PUT /v1/a/c/q': 503,
    });
    const report = await extract(app, tarOf({ 'c/<o>': 'x'.repeat(3000), 'c/p': '2', 'c/q': '3' }));
    expect(report.Errors).toEqual([
      ['c/%3Co%3E', '413 Request Entity Too Large'],
      ['c/q', '503 Service Unavailable'],
    ]);
    expect([report['Response Status'], report['Number Files Created']]).toEqual(['502 Bad Gateway', 1]);
  });

  test.each([
    ['gnu'],
    ['pax', '--sparse-version=0.0'],
    ['pax', '--sparse-version=0.1'],
    ['pax', '--sparse-version=1.0'],
  ])('fills the holes of sparse files (%s %s)', async (format, ...more) => {
    const file = Buffer.alloc(300_000);
    file.write('begin', 100_000);
    file.write('end', 299_990);
    const app = fakeSwift({ ...CONTAINER, 'PUT /v1/a/c/o': 201 });
    await extract(app, tarOf({ 'c/o': file }, ['-S', '--hole-detection=raw', `--format=${format}`, ...more]));
    expect(stored(app)['/v1/a/c/o']).toBe(file.toString());
  });

  test('an archive that is none is told so', async () => {
    expect((await extract(fakeSwift(), Buffer.from('hello '.repeat(200))))['Response Body']).toMatch(
      /^Invalid Tar File: /,
    );
    expect((await extract(fakeSwift(), Buffer.alloc(10_240)))['Response Body']).toBe(
      'Invalid Tar File: No Valid Files',
    );
    expect((await extract(fakeSwift(), Buffer.from('hello'), 'tar.gz'))['Response Body']).toBe(
      'Invalid Tar File: not a gzip file',
    );
    expect((await extract(fakeSwift(), Buffer.from('hello hello'), 'tar.bz2'))['Response Body']).toBe(
      'Invalid Tar File: invalid compressed data',
    );
    const filter = await load(filterFactory, {}, fakeSwift());
    const res = await filter(request('PUT', '/v1/a?extract-archive=zip', {}, 'x'));
    expect([res.status, await text(res)]).toEqual([400, 'Unsupported archive format']);
  });

  test('an archive that is cut anywhere stores no file that is not whole', async () => {
    const files = { 'c/1': 'a'.repeat(700), 'c/2': '', 'c/3': 'b'.repeat(1024) };
    const whole = tarOf(files);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 4096 }), async (cut) => {
        const kept: Record<string, string> = {};
        const filter = await load(filterFactory, {}, async (req) => {
          const body = await readAll(req.body);
          if (req.method === 'PUT') kept[req.path.slice('/v1/a/'.length)] = body.toString();
          return new SwiftResponse(201);
        });
        await text(await filter(request('PUT', '/v1/a?extract-archive=tar', {}, whole.subarray(0, cut))));
        expect(files).toMatchObject(kept);
        expect(Object.keys(kept).length === 3).toBe(cut >= 512 + 1024 + 512 + 512 + 1024);
      }),
      { numRuns: 60 },
    );
  });

  test('names come through as they are, in every format that takes them', async () => {
    const name = fc.string({
      unit: fc.constantFrom('a', '%', '2', 'F', 'é', '☃', ' ', '?', '<'),
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(name, fc.constantFrom('gnu', 'pax'), async (given, format) => {
        const seen: string[] = [];
        const filter = await load(filterFactory, {}, async (req) => {
          if (req.method === 'PUT') seen.push(req.path);
          return new SwiftResponse(201);
        });
        const body = tarOf({ [`c/${given}`]: '' }, [`--format=${format}`]);
        await text(await filter(request('PUT', '/v1/a?extract-archive=tar', {}, body)));
        expect(seen).toEqual([`/v1/a/c/${given}`]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the list of a bulk delete', () => {
  async function remove(
    body: string | Buffer,
    headers: Record<string, string> = {},
    conf: Record<string, string> = {},
  ) {
    const app = fakeSwift({ 'DELETE /v1/a/c/%E2%98%83': 204, 'DELETE /v1/a/c/b%0Ad': 204, 'DELETE /v1/a/c/x': 204 });
    const filter = await load(filterFactory, conf, app);
    const res = await filter(request('POST', '/v1/a?bulk-delete', { accept: 'application/json', ...headers }, body));
    return { report: JSON.parse(await text(res)) as Report & { 'Number Deleted': number }, app };
  }

  test('has percent-encoded names, one a line, with blanks around', async () => {
    const { report, app } = await remove('/c/%E2%98%83\r\n\n  c/b%0Ad \nc/x');
    expect(report['Number Deleted']).toBe(3);
    expect(app.calls).toHaveLength(3);
  });

  test('is refused whole when it is too long, of another type or without length', async () => {
    const long = await remove('c/x\nc/x\nc/x\n', {}, { max_deletes_per_request: '2' });
    expect([long.report['Response Body'], long.app.calls]).toEqual(['Maximum Bulk Deletes: 2 per request', []]);
    expect((await remove(`c/${'x'.repeat(5000)}`)).report['Response Body']).toBe('Invalid File Name');
    expect((await remove('c/x', { 'content-type': 'text/html' })).report['Response Status']).toBe('406 Not Acceptable');
  });

  test('is in /info with its limits', async () => {
    const host = fakeHost();
    await load(filterFactory, { max_failed_deletes: '7' }, fakeSwift(), host);
    expect(host.info.get()).toMatchObject({ bulk_delete: { max_failed_deletes: 7, max_deletes_per_request: 10000 } });
  });
});
