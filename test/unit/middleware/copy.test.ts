import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/copy.ts';
import { type Handler, SwiftResponse } from '../../../src/middleware-api.ts';
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

const SOURCE_HEADERS = {
  etag: '"sum"',
  'content-type': 'text/x',
  'content-length': 5,
  'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  'x-timestamp': '1767225600.00000',
  'x-backend-timestamp': '1767225600.00000',
  'x-object-meta-a': '1',
  'x-object-sysmeta-b': '2',
  'x-object-transient-sysmeta-c': '3',
  'x-object-sysmeta-container-update-override-etag': 'other',
  'x-delete-at': '4000000000',
  'cache-control': 'private',
  'x-symlink-target': 'c/target',
};

const WITH_SOURCE: FakeAnswers = {
  'GET /v1/a/c/o': [200, SOURCE_HEADERS, ['hel', 'lo']],
  'PUT /v1/a/c2/o2': [201, { etag: 'stored' }],
};

function copies(answers: FakeAnswers = WITH_SOURCE): Promise<{ app: FakeSwift; filter: Handler }> {
  const app = fakeSwift(answers);
  return load(filterFactory, {}, app, fakeHost({ constraints: { max_file_size: 100 } })).then((filter) => ({
    app,
    filter,
  }));
}

const TO_O2 = { destination: 'c2/o2' };

function headersOf(app: FakeSwift, at: number): Record<string, string> {
  return Object.fromEntries(app.requests[at]?.headers ?? []);
}

describe('a COPY', () => {
  test('reads the newest source and stores what it holds, as two requests of its own', async () => {
    const { app, filter } = await copies();
    const req = request('COPY', '/v1/a/c/o', TO_O2);
    const res = await filter(req);
    expect([res.status, await text(res)]).toEqual([201, '']);
    expect(app.calls).toEqual(['GET /v1/a/c/o', 'PUT /v1/a/c2/o2']);
    expect(app.requests.map(({ source }) => source)).toEqual(['SSC', 'SSC']);
    expect(app.requests[0]?.headers.get('x-newest')).toBe('true');
    expect(app.requests[1]?.body.toString()).toBe('hello');
    expect([req.env.originalMethod, req.env.source]).toEqual(['COPY', undefined]);
  });

  test("stores the source's metadata and sum, and none of what is about the source alone", async () => {
    const { app, filter } = await copies();
    await text(await filter(request('COPY', '/v1/a/c/o', TO_O2)));
    const sent = headersOf(app, 1);
    expect(sent).toMatchObject({
      etag: 'sum',
      'content-type': 'text/x',
      'content-length': '5',
      'x-object-meta-a': '1',
      'x-object-sysmeta-b': '2',
      'x-object-transient-sysmeta-c': '3',
      'x-object-sysmeta-container-update-override-etag': 'other',
      'x-delete-at': '4000000000',
      'cache-control': 'private',
      'x-symlink-target': 'c/target',
    });
    const names = Object.keys(sent);
    for (const name of ['destination', 'x-copy-from', 'x-timestamp', 'x-backend-timestamp', 'last-modified']) {
      expect(names).not.toContain(name);
    }
  });

  test('tells in its answer what was copied and which metadata was stored', async () => {
    const { filter } = await copies();
    const res = await filter(request('COPY', '/v1/a/c/o', { ...TO_O2, 'x-object-meta-d': '4' }));
    await text(res);
    expect(Object.fromEntries(res.headers)).toEqual({
      etag: 'stored',
      'content-length': '0',
      'x-copied-from-account': 'a',
      'x-copied-from': 'c/o',
      'x-copied-from-last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      'x-object-meta-a': '1',
      'x-object-meta-d': '4',
      'x-object-sysmeta-b': '2',
      'x-object-sysmeta-container-update-override-etag': 'other',
      'x-object-transient-sysmeta-c': '3',
      'x-delete-at': '4000000000',
    });
  });

  test('of a version tells which one', async () => {
    const { app, filter } = await copies({
      'GET /v1/a/c/o?version-id=7&x=%C3%A9': [200, { 'x-object-version-id': '7', 'content-length': 1 }, 'x'],
      'PUT /v1/a/c2/o2': 201,
    });
    const res = await filter(request('COPY', '/v1/a/c/o?version-id=7&x=%C3%A9', TO_O2));
    await text(res);
    expect(res.headers.get('x-copied-from-version-id')).toBe('7');
    expect(app.calls[1]).toBe('PUT /v1/a/c2/o2?x=%C3%A9');
  });

  test('leaves the body of its request unread', async () => {
    const { app, filter } = await copies();
    const req = request('COPY', '/v1/a/c/o', { ...TO_O2, expect: '100-continue' }, 'ignored');
    await text(await filter(req));
    expect(req.continues).toEqual([]);
    expect(app.requests[1]?.body.toString()).toBe('hello');
    expect(app.requests.map(({ headers }) => headers.has('expect'))).toEqual([false, false]);
  });

  test('is written with all that filters outside left with it, and read without what is for the destination', async () => {
    const asked: [string, boolean, string | undefined][] = [];
    const app = fakeSwift(WITH_SOURCE);
    const asking: Handler = (req) => {
      asked.push([req.method, req.env.updateFooters !== undefined, req.headers.get('x-backend-storage-policy-index')]);
      return app(req);
    };
    const filter = await load(filterFactory, {}, asking, fakeHost());
    const req = request('COPY', '/v1/a/c/o', { ...TO_O2, 'x-backend-storage-policy-index': '3' });
    req.env.updateFooters = () => undefined;
    await text(await filter(req));
    expect(asked).toEqual([
      ['GET', false, undefined],
      ['PUT', true, '3'],
    ]);
  });

  test('to another account reads its own and writes the other', async () => {
    const { app, filter } = await copies({
      'GET /v1/a/c/o': [200, SOURCE_HEADERS, 'hello'],
      'PUT /v1/b%20c/c2/o2': 201,
    });
    const res = await filter(request('COPY', '/v1/a/c/o', { ...TO_O2, 'destination-account': 'b%20c' }));
    await text(res);
    expect(app.calls).toEqual(['GET /v1/a/c/o', 'PUT /v1/b%20c/c2/o2']);
    expect(res.headers.get('x-copied-from-account')).toBe('a');
  });
});

describe('a PUT with X-Copy-From', () => {
  test('copies from where it says, names decoded once', async () => {
    const { app, filter } = await copies({
      'GET /v1/b/c%20%C3%A9/%25o': [200, SOURCE_HEADERS, 'hello'],
      'PUT /v1/a/c2/o2': 201,
    });
    const headers = { 'x-copy-from': '/c%20%C3%A9/%25o', 'x-copy-from-account': 'b' };
    const req = request('PUT', '/v1/a/c2/o2', headers);
    const res = await filter(req);
    await text(res);
    expect(app.calls).toEqual(['GET /v1/b/c%20%C3%A9/%25o', 'PUT /v1/a/c2/o2']);
    expect(res.headers.get('x-copied-from')).toBe('c%20%C3%A9/%25o');
    expect(
      app.requests.some((call) => call.headers.has('x-copy-from') || call.headers.has('x-copy-from-account')),
    ).toBe(false);
    expect(req.env.originalMethod).toBeUndefined();
  });

  test('is refused with a body, before anything is read', async () => {
    const { app, filter } = await copies();
    const req = request('PUT', '/v1/a/c2/o2', { 'x-copy-from': 'c/o', expect: '100-continue' }, 'x');
    const res = await filter(req);
    expect([res.status, await text(res)]).toEqual([400, 'Copy requests require a zero byte body']);
    expect(app.calls).toEqual([]);
    expect(req.continues).toEqual([]);
  });

  test('without a value is a PUT like any other, and the app does not see the header', async () => {
    const { app, filter } = await copies();
    await text(await filter(request('PUT', '/v1/a/c2/o2', { 'x-copy-from': '' }, 'own')));
    expect(app.requests[0]?.body.toString()).toBe('own');
    expect(app.requests[0]?.headers.has('x-copy-from')).toBe(false);
  });
});

describe('metadata', () => {
  test('that the client gives wins over that of the source', async () => {
    const { app, filter } = await copies();
    const headers = {
      ...TO_O2,
      'x-object-meta-a': '',
      'content-type': 'text/y',
      'cache-control': 'public',
      etag: 'mine',
    };
    await text(await filter(request('COPY', '/v1/a/c/o', headers)));
    expect(headersOf(app, 1)).toMatchObject({
      'x-object-meta-a': '',
      'content-type': 'text/y',
      'cache-control': 'public',
      etag: 'sum',
    });
  });

  test('that is fresh is what the client gives, with the system metadata and type of the source', async () => {
    const { app, filter } = await copies();
    const headers = { ...TO_O2, 'x-fresh-metadata': 'yes', 'x-object-meta-d': '4' };
    await text(await filter(request('COPY', '/v1/a/c/o', headers)));
    const sent = headersOf(app, 1);
    expect(sent).toMatchObject({ 'content-type': 'text/x', 'x-object-sysmeta-b': '2', 'x-object-meta-d': '4' });
    for (const name of ['x-object-meta-a', 'x-object-transient-sysmeta-c', 'x-delete-at', 'cache-control']) {
      expect(Object.keys(sent)).not.toContain(name);
    }
  });

  test.each([
    ['a part', [206, { ...SOURCE_HEADERS, 'content-range': 'bytes 0-4/9' }, 'hello'], 'COPY /v1/a/c/o'],
    ['a static large object', [200, { ...SOURCE_HEADERS, 'x-static-large-object': 'True' }, 'hello'], 'COPY /v1/a/c/o'],
    ['a dynamic large object', [200, { ...SOURCE_HEADERS, 'x-object-manifest': 's/p' }, 'hello'], 'COPY /v1/a/c/o'],
  ] as const)('of %s has no sum that could be checked, nor one for listings', async (_, answer, call) => {
    const { app, filter } = await copies({ 'GET /v1/a/c/o': answer, 'PUT /v1/a/c2/o2': 201 });
    await text(await filter(request('COPY', call.slice(5), TO_O2)));
    const names = Object.keys(headersOf(app, 1));
    for (const name of [
      'etag',
      'x-object-sysmeta-container-update-override-etag',
      'x-static-large-object',
      'x-object-manifest',
      'content-range',
    ]) {
      expect(names).not.toContain(name);
    }
    expect(names).toContain('x-object-sysmeta-b');
  });
});

describe('a manifest', () => {
  test('that is static is read raw and put as a manifest', async () => {
    const { app, filter } = await copies({
      'GET /v1/a/c/o?multipart-manifest=get&format=raw': [
        200,
        { ...SOURCE_HEADERS, 'x-static-large-object': 'True' },
        '[]',
      ],
      'PUT /v1/a/c2/o2?multipart-manifest=put': 201,
    });
    await text(await filter(request('COPY', '/v1/a/c/o?multipart-manifest=get', TO_O2)));
    expect(app.calls).toHaveLength(2);
    expect(Object.keys(headersOf(app, 1))).not.toContain('x-static-large-object');
    expect(Object.keys(headersOf(app, 1))).not.toContain('etag');
  });

  test('that is dynamic keeps pointing at its segments', async () => {
    const { app, filter } = await copies({
      'GET /v1/a/c/o': [200, { ...SOURCE_HEADERS, 'x-object-manifest': 's/p%20q', 'content-length': 0 }],
      'PUT /v1/a/c2/o2': 201,
    });
    await text(await filter(request('COPY', '/v1/a/c/o?multipart-manifest=get', TO_O2)));
    expect(app.calls).toEqual(['GET /v1/a/c/o?multipart-manifest=get&format=raw', 'PUT /v1/a/c2/o2']);
    expect(headersOf(app, 1)).toMatchObject({ 'x-object-manifest': 's/p%20q', etag: 'sum' });
  });
});

describe('a copy that cannot be made', () => {
  test.each([304, 401, 404, 412, 416, 503])('answers %i of the source, and writes nothing', async (status) => {
    const { app, filter } = await copies({ 'GET /v1/a/c/o': [status, { 'content-length': 4 }, 'page'] });
    const res = await filter(request('COPY', '/v1/a/c/o', TO_O2));
    expect([res.status, await text(res)]).toEqual([status, 'page']);
    expect(app.calls).toEqual(['GET /v1/a/c/o']);
  });

  test.each([
    ['has no length', { 'transfer-encoding': 'chunked' }, ['hello']],
    ['is larger than an object may be', { 'content-length': 101 }, ['x'.repeat(101)]],
  ] as const)('of a source that %s gets 413, and the source is closed', async (_, headers, body) => {
    const { app, filter } = await copies({ 'GET /v1/a/c/o': [200, headers, body] });
    const res = await filter(request('COPY', '/v1/a/c/o', TO_O2));
    expect(res.status).toBe(413);
    await text(res);
    expect(app.unfinished.size).toBe(0);
  });

  test('passes the refusal of the destination without saying that something was copied, and closes the source', async () => {
    const app = fakeSwift({
      'GET /v1/a/c/o': [200, SOURCE_HEADERS, ['hel', 'lo']],
      'PUT /v1/a/c2/o2': () => new SwiftResponse(404, { 'content-length': 0 }),
    });
    const filter = await load(filterFactory, {}, app);
    const res = await filter(request('COPY', '/v1/a/c/o', TO_O2));
    expect([res.status, res.headers.has('x-copied-from')]).toEqual([404, false]);
    expect(app.unfinished.size).toBe(0);
  });

  test('closes the source when the PUT throws', async () => {
    const app = fakeSwift({
      'GET /v1/a/c/o': [200, SOURCE_HEADERS, ['hel', 'lo']],
      'PUT /v1/a/c2/o2': () => Promise.reject(new Error('broken')),
    });
    const filter = await load(filterFactory, {}, app);
    await expect(filter(request('COPY', '/v1/a/c/o', TO_O2))).rejects.toThrow('broken');
    expect(app.unfinished.size).toBe(0);
  });

  test.each([
    [{}, 'Destination header required'],
    [{ destination: '' }, 'Destination header required'],
    [{ destination: 'c2' }, 'Destination header must be of the form <container name>/<object name>'],
    [{ ...TO_O2, 'destination-account': '' }, 'Account name cannot be empty'],
    [{ ...TO_O2, 'destination-account': 'a%2Fb' }, 'Account name cannot contain slashes'],
    [{ ...TO_O2, 'x-copy-from-account': 'a/b' }, 'Account name cannot contain slashes'],
  ] as const)('because of %j gets 412 in HTML', async (headers, reason) => {
    const { app, filter } = await copies();
    const res = await filter(request('COPY', '/v1/a/c/o', headers));
    expect([res.status, res.headers.get('content-type'), await text(res)]).toEqual([
      412,
      'text/html; charset=UTF-8',
      reason,
    ]);
    expect(app.calls).toEqual([]);
  });
});

describe('OPTIONS', () => {
  const ALLOW = { allow: 'GET, PUT', 'access-control-allow-methods': 'GET, PUT' };

  test('of an object allows COPY too', async () => {
    const { filter } = await copies({ 'OPTIONS /v1/a/c/o': [200, ALLOW] });
    const { headers } = await filter(request('OPTIONS', '/v1/a/c/o'));
    expect([headers.get('allow'), headers.get('access-control-allow-methods')]).toEqual([
      'GET, PUT, COPY',
      'GET, PUT, COPY',
    ]);
  });

  test.each([
    ['/v1/a/c', 200],
    ['/v1/a/c/o', 401],
  ])('of %s answered %i stays as it is', async (path, status) => {
    const { filter } = await copies({ [`OPTIONS ${path}`]: [status, ALLOW] });
    expect((await filter(request('OPTIONS', path))).headers.get('allow')).toBe('GET, PUT');
  });
});

test.each([
  ['GET', '/v1/a/c/o'],
  ['PUT', '/v1/a/c/o'],
  ['PUT', '/v1/a/c'],
  ['COPY', '/v1/a/c'],
  ['COPY', '/v1/a/c/'],
])('%s %s is passed on as it is', async (method, path) => {
  const app = fakeSwift({ [`${method} ${path}`]: 200 });
  const filter = await load(filterFactory, {}, app);
  const headers = path === '/v1/a/c' ? { 'x-copy-from': 'c/o', destination: 'c/o' } : {};
  expect((await filter(request(method, path, headers))).status).toBe(200);
  expect(app.calls).toEqual([`${method} ${path}`]);
});
