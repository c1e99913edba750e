import { afterEach, expect, test } from 'vitest';
import { filterFactory } from '../../../../src/middleware/bulk.ts';
import { bodyStream, type Handler, SwiftResponse } from '../../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, load, request, text } from '../../../../src/testing.ts';

afterEach(() => assertNoLeaks());

/** An archive of empty files, those with a size having as many bytes. */
function tar(...members: (readonly [name: string, sizeBytes: number])[]): Buffer {
  const blocks = members.map(([name, sizeBytes]) => {
    const block = Buffer.alloc(512 + Math.ceil(sizeBytes / 512) * 512);
    block.write(name, 0);
    block.write(sizeBytes.toString(8).padStart(11, '0'), 124);
    block.write(' '.repeat(8), 148);
    block.write('0', 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return block;
  });
  return Buffer.concat(blocks);
}

interface Outcome {
  status: string;
  body: string;
  errors: unknown[];
  puts: string[];
}

async function extract(archive: Buffer, answer: number, options: Record<string, string> = {}): Promise<Outcome> {
  const puts: string[] = [];
  const app: Handler = (req) => {
    if (req.method === 'PUT') puts.push(req.path);
    return Promise.resolve(new SwiftResponse(req.method === 'PUT' ? answer : 204));
  };
  const constraints = { max_file_size: 1000 };
  const filter = await load(filterFactory, options, app, fakeHost({ constraints }));
  const res = await filter(request('PUT', '/v1/a?extract-archive=tar', { accept: 'application/json' }, archive));
  const report = JSON.parse(await text(res)) as Record<string, unknown>;
  return {
    status: String(report['Response Status']),
    body: String(report['Response Body']),
    errors: report['Errors'] as unknown[],
    puts,
  };
}

test('a member that is larger than an object may be is passed over', async () => {
  const { errors, puts } = await extract(tar(['c/big', 1001], ['c/right', 1000]), 201);
  expect(errors).toEqual([['c/big', '413 Request Entity Too Large']]);
  expect(puts).toEqual(['/v1/a/c/right']);
});

test('after so many failures the rest is left out', async () => {
  const members = ['1', '2', '3', '4'].map((name) => [`c/${name}`, 0] as const);
  const { errors, puts } = await extract(tar(...members), 403, { max_failed_extractions: '2' });
  expect([errors.length, puts.length]).toEqual([2, 2]);
});

test('nothing is tried again for a client whose object was refused for want of a user', async () => {
  const { status, puts } = await extract(tar(['c/1', 0], ['c/2', 0]), 401);
  expect([status, puts]).toEqual(['401 Unauthorized', ['/v1/a/c/1']]);
});

test('once the client has gone nothing more of what has arrived is stored, and the body is closed', async () => {
  let closed = 0;
  const puts: string[] = [];
  const body = bodyStream(tar(['c/1', 0], ['c/2', 0], ['c/3', 0]));
  const source = {
    read: () => body.read(),
    close: () => void closed++,
    [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
  };
  const req = request('PUT', '/v1/a?extract-archive=tar', {}, source);
  const app: Handler = (sub) => {
    if (sub.method === 'PUT') puts.push(sub.path);
    if (puts.length === 1) req.disconnect();
    return Promise.resolve(new SwiftResponse(201));
  };
  const res = await (await load(filterFactory, {}, app))(req);
  await res.close();
  expect(puts).toEqual(['/v1/a/c/1']);
  expect(closed).toBe(1);
});

test('once the client has gone nothing more of a list is deleted', async () => {
  const deleted: string[] = [];
  const req = request('POST', '/v1/a?bulk-delete', {}, 'c/1\nc/2\nc/3\nc/4\nc\n');
  const app: Handler = (sub) => {
    deleted.push(sub.path);
    req.disconnect();
    return Promise.resolve(new SwiftResponse(204));
  };
  const res = await (await load(filterFactory, { delete_concurrency: '1' }, app))(req);
  await res.close();
  expect(deleted).toEqual(['/v1/a/c/1']);
});

test('a report in XML has no markup of names', async () => {
  const app: Handler = () => Promise.resolve(new SwiftResponse(403, {}, null, 'No <way>'));
  const req = request('POST', '/v1/a?bulk-delete', { accept: 'application/xml' }, 'c/<b>&\n');
  const body = await text(await (await load(filterFactory, {}, app))(req));
  expect(body).toContain('<object><name>c/%3Cb%3E%26</name><status>403 No &lt;way&gt;</status></object>');
});
