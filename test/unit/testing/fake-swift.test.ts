import { expect, test } from 'vitest';
import { type Handler, readAll, SwiftResponse } from '../../../src/middleware-api.ts';
import { abandon, assertNoLeaks, bytes, drain, fakeSwift, request, text } from '../../../src/testing.ts';

const OBJECT = '/v1/a/c/o';

test('it answers as it was told and keeps what it was asked', async () => {
  const app = fakeSwift({ [`PUT ${OBJECT}`]: 201, [`GET ${OBJECT}`]: [200, { etag: 'x' }, ['a', 'b']] });
  expect((await app(request('PUT', OBJECT, { 'x-object-meta-a': '1' }, ['some', 'thing']))).status).toBe(201);
  const res = await app(request('GET', `${OBJECT}?format=json`));
  expect([res.headers.get('etag'), await text(res)]).toEqual(['x', 'ab']);
  expect(app.calls).toEqual([`PUT ${OBJECT}`, `GET ${OBJECT}?format=json`]);
  expect(app.requests[0]?.headers.get('x-object-meta-a')).toBe('1');
  expect(app.requests[0]?.body.toString()).toBe('something');
});

test('of several answers each call takes the next, and the last one stays', async () => {
  const app = fakeSwift({ [`GET ${OBJECT}`]: { inTurn: [503, [200, 'x']] } });
  const statuses = [];
  for (let call = 0; call < 3; call++) {
    const res = await app(request('GET', OBJECT));
    statuses.push(res.status);
    await drain(res);
  }
  expect(statuses).toEqual([503, 200, 200]);
});

test('an answer for a query comes before one for its path, and one for the decoded path serves', async () => {
  const app = fakeSwift({ 'GET /v1/a/c': [200, 'plain'], 'GET /v1/a/c?prefix=x': [200, 'prefix'], 'GET /v1/a/é': 204 });
  expect(await text(await app(request('GET', '/v1/a/c?prefix=x')))).toBe('prefix');
  expect(await text(await app(request('GET', '/v1/a/c?prefix=y')))).toBe('plain');
  expect((await app(request('GET', '/v1/a/%C3%A9'))).status).toBe(204);
});

test('a HEAD is answered as the GET, without its body', async () => {
  const app = fakeSwift({ [`GET ${OBJECT}`]: [200, 'hello'] });
  const res = await app(request('HEAD', OBJECT));
  expect([res.status, res.headers.get('content-length'), res.body]).toEqual([200, '5', null]);
});

test('a function answers by the request, and reads its body if it likes', async () => {
  const app = fakeSwift({
    [`PUT ${OBJECT}`]: async (req) => new SwiftResponse(201, { etag: (await readAll(req.body)).toString() }),
  });
  expect((await app(request('PUT', OBJECT, {}, 'abc'))).headers.get('etag')).toBe('abc');
});

test('a call without an answer fails and names those that have one', async () => {
  const app = fakeSwift({ [`GET ${OBJECT}`]: 200 });
  await expect(app(request('PUT', OBJECT))).rejects.toThrow(`no answer to PUT ${OBJECT}; it has GET ${OBJECT}`);
});

test('a body that was neither read to its end nor closed is a leak', async () => {
  const app = fakeSwift({ [`GET ${OBJECT}`]: [200, ['hello ', 'world']] });
  const leaking: Handler = async (req) => {
    const res = await app(req);
    for await (const chunk of { [Symbol.asyncIterator]: () => readOnce(res) }) return new SwiftResponse(200, {}, chunk);
    return res;
  };
  await leaking(request('GET', OBJECT));
  expect([...app.unfinished].map(({ call, bytesRead }) => [call, bytesRead])).toEqual([[`GET ${OBJECT}`, 6]]);
  expect(() => assertNoLeaks(app)).toThrow(`GET ${OBJECT}, of which 6 bytes were read`);
  expect(() => assertNoLeaks()).toThrow(`GET ${OBJECT}, of which 6 bytes were read`);
});

test.each([
  ['read', (res: SwiftResponse) => bytes(res)],
  ['closed', (res: SwiftResponse) => res.close()],
  ['read in part and closed', (res: SwiftResponse) => abandon(res, 1)],
  ['wrapped and never started', (res: SwiftResponse) => abandon(res.withBody((chunks) => chunks))],
])('a body that was %s is none', async (_how, finish) => {
  const app = fakeSwift({ [`GET ${OBJECT}`]: [200, ['hello ', 'world']] });
  await finish(await app(request('GET', OBJECT)));
  expect(app.unfinished.size).toBe(0);
  assertNoLeaks();
});

/** One chunk, and the source is forgotten. */
async function* readOnce(res: SwiftResponse): AsyncGenerator<Uint8Array> {
  const body = res.body as AsyncIterable<Uint8Array>;
  const { value } = (await body[Symbol.asyncIterator]().next()) as { value: Uint8Array };
  yield value;
}
