import { expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/xprofile.ts';
import { ClientDisconnect, type Handler, SwiftResponse } from '../../../src/middleware-api.ts';
import { type FakeHost, fakeHost, load, request, text } from '../../../src/testing.ts';

function profiled(conf: Record<string, string> = {}, host: FakeHost = fakeHost()): Promise<Handler> {
  return load(filterFactory, conf, async () => new SwiftResponse(204), host);
}

test('a profile of some time can be opened by DevTools, or is a table', async () => {
  const filter = await profiled();
  const res = await filter(request('GET', '/__profile__/cpu?seconds=0.02'));
  expect(res.headers.get('content-disposition')).toBe(`attachment; filename="${process.pid}.cpuprofile"`);
  const profile = JSON.parse(await text(res)) as Record<string, unknown>;
  expect(Object.keys(profile)).toEqual(
    expect.arrayContaining(['nodes', 'startTime', 'endTime', 'samples', 'timeDeltas']),
  );
  const table = await text(await filter(request('GET', '/__profile__/cpu?seconds=0.02&format=text')));
  expect(table).toMatch(/^ +[\d.]+ ms in all; own time by function\n( +[\d.]+ ms +[\d.]+ %  \S.*\n)+$/);
});

test('one profile is taken at a time, from start to stop', async () => {
  const host = fakeHost();
  const filter = await profiled({}, host);
  expect((await filter(request('POST', '/__profile__/stop'))).status).toBe(409);
  expect((await filter(request('POST', '/__profile__/start'))).status).toBe(202);
  expect((await filter(request('GET', '/__profile__/cpu?seconds=1'))).status).toBe(409);
  const res = await filter(request('POST', '/__profile__/stop'));
  expect([res.status, JSON.parse(await text(res))]).toMatchObject([200, { nodes: expect.any(Array) as unknown }]);
  expect((await filter(request('POST', '/__profile__/start'))).status).toBe(202);
  await host.close();
  expect((await filter(request('POST', '/__profile__/stop'))).status).toBe(409);
});

test('a profile ends when its client goes, and another can be taken', async () => {
  const filter = await profiled();
  const req = request('GET', '/__profile__/cpu?seconds=60');
  const answer = filter(req).then(
    (res) => res.status,
    (error: unknown) => (error instanceof ClientDisconnect ? 499 : error),
  );
  req.disconnect();
  expect(await answer).toBe(499);
  expect((await filter(request('GET', '/__profile__/cpu?seconds=0.01'))).status).toBe(200);
});

test('what is profiled for a time of its own is not ended by others, nor does it end theirs', async () => {
  const filter = await profiled();
  const req = request('GET', '/__profile__/cpu?seconds=60');
  const answer = filter(req);
  expect((await filter(request('POST', '/__profile__/stop'))).status).toBe(409);
  req.disconnect();
  expect((await answer).status).toBe(499);
  const first = await filter(request('POST', '/__profile__/start'));
  expect(first.status).toBe(202);
  expect((await filter(request('POST', '/__profile__/stop'))).status).toBe(200);
});

test('a profile that nobody stops ends by itself', async () => {
  const filter = await profiled({ max_seconds: '0.01' });
  expect((await filter(request('POST', '/__profile__/start'))).status).toBe(202);
  await expect.poll(async () => (await filter(request('POST', '/__profile__/start'))).status).toBe(202);
  await expect.poll(async () => (await filter(request('POST', '/__profile__/stop'))).status).toBe(409);
});

test('times beyond the bound, other methods and other paths are refused', async () => {
  const filter = await profiled({ max_seconds: '5' });
  for (const seconds of ['6', '0', '-1', 'x', '']) {
    expect((await filter(request('GET', `/__profile__/cpu?seconds=${seconds}`))).status).toBe(400);
  }
  expect((await filter(request('POST', '/__profile__/cpu'))).status).toBe(405);
  expect((await filter(request('GET', '/__profile__/nothing'))).status).toBe(404);
  expect(await text(await filter(request('GET', '/__profile__')))).toContain('cpu?seconds=10');
});

test('all other requests pass', async () => {
  const filter = await profiled({ path: '/prof/' });
  expect((await filter(request('GET', '/__profile__'))).status).toBe(204);
  expect((await filter(request('GET', '/profile/x'))).status).toBe(204);
  expect((await filter(request('GET', '/prof'))).status).toBe(200);
});
