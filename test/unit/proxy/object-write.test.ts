import { afterEach, expect, test } from 'vitest';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { ObjectProxy, plainRing, type ProxyOptions } from './object-fixture.ts';
import type { NodeScript, ScriptedAnswer } from './scripted-nodes.ts';

let proxy: ObjectProxy;
afterEach(() => {
  expect(proxy.nodes.leaked).toEqual([]);
});

function send(
  method: string,
  nodes: NodeScript,
  options: ProxyOptions = {},
  headers: Record<string, string> = {},
): Promise<SwiftResponse> {
  proxy = new ObjectProxy(nodes, options);
  return proxy.send(proxy.request(method, '/v1/a/c/o', headers));
}

function byDevice(answers: Record<string, ScriptedAnswer>, otherwise: ScriptedAnswer): NodeScript {
  return ({ device }) => answers[device] ?? otherwise;
}

const TOMBSTONE = { 'x-backend-timestamp': '1795352767.67140' };

test('a DELETE goes to every primary with its share of the container updates', async () => {
  const res = await send('DELETE', () => ({ status: 204, body: '' }));
  expect(res.status).toBe(204);
  expect(
    proxy.nodes.requests.map(({ headers }) => [
      headers.get('x-container-host'),
      headers.get('x-backend-clean-expiring-object-queue'),
    ]),
  ).toEqual([
    ['127.0.0.1:6100', 't'],
    ['127.0.0.1:6101', 't'],
    ['127.0.0.1:6102', 'f'],
  ]);
  expect(proxy.nodes.requests.every(({ headers }) => headers.get('x-timestamp') === '1795352767.67140')).toBe(true);
});

test('a DELETE that finds the object on one node, nothing on another and no third is a success', async () => {
  const nodes = byDevice(
    { d0: { status: 204, body: '' }, d1: { status: 404, headers: TOMBSTONE, body: '' } },
    { refuse: true },
  );
  expect((await send('DELETE', nodes)).status).toBe(204);
});

test('a DELETE of what no node has is 404; of what most nodes miss too', async () => {
  const missing: ScriptedAnswer = { status: 404, headers: TOMBSTONE, body: 'none' };
  expect((await send('DELETE', () => missing)).status).toBe(404);
  expect((await send('DELETE', byDevice({ d0: { status: 204, body: '' } }, missing))).status).toBe(404);
});

test('a DELETE older than what a node holds is 409 when the classes agree', async () => {
  const nodes = byDevice({ d0: { status: 409, body: 'newer' } }, { status: 404, headers: TOMBSTONE, body: '' });
  const res = await send('DELETE', nodes);
  expect([res.status, await res.text()]).toEqual([409, 'newer']);
});

test('with write affinity a DELETE also reaches the local handoffs that a PUT may have used', async () => {
  const conf = { write_affinity: 'r1' };
  expect((await send('DELETE', () => ({ status: 204, body: '' }), { conf, devices: 8 })).status).toBe(204);
  // d1 is in region 2, so one local handoff: d4.
  expect(proxy.nodes.devices.sort()).toEqual(['d0', 'd1', 'd2', 'd4']);
  const two = { ...conf, write_affinity_handoff_delete_count: '2' };
  await send('DELETE', () => ({ status: 204, body: '' }), { conf: two, devices: 8 });
  expect(proxy.nodes.devices.sort()).toEqual(['d0', 'd1', 'd2', 'd4', 'd6']);
});

test('a POST is a success when a quorum took it', async () => {
  const res = await send(
    'POST',
    byDevice({ d2: { refuse: true }, d3: { status: 404, body: '' } }, { status: 202, body: 'ok' }),
    { devices: 4 },
  );
  expect([res.status, await res.text()]).toEqual([202, 'ok']);
});

test('a POST that too few primaries have the object for is tried on as many handoffs, with the updates of those that miss it', async () => {
  const nodes = byDevice({ d0: { status: 202, body: '' }, d3: { status: 202, body: '' } }, { status: 404, body: '' });
  expect((await send('POST', nodes, { devices: 5 })).status).toBe(202);
  expect(proxy.nodes.devices).toEqual(['d0', 'd1', 'd2', 'd3', 'd4']);
  const hosts = proxy.nodes.requests.slice(3).map(({ headers }) => headers.get('x-container-host'));
  expect(hosts).toEqual(['127.0.0.1:6101', '127.0.0.1:6102']);
});

test('a POST of an object that some node has is never 404', async () => {
  const missing: ScriptedAnswer = { status: 404, headers: TOMBSTONE, body: '' };
  expect((await send('POST', byDevice({ d0: { status: 202, body: '' } }, missing))).status).toBe(503);
  expect((await send('POST', () => missing)).status).toBe(404);
});

test.each([
  [{ 'x-delete-at': 'soon' }, 'Non-integer X-Delete-At'],
  [{ 'x-delete-at': '12' }, 'X-Delete-At in past'],
  [{ 'x-object-meta-': '1' }, 'Metadata name cannot be empty'],
])('a POST with %j is refused before any node is asked', async (headers, text) => {
  const res = await send('POST', () => ({ status: 202 }), {}, headers);
  expect([res.status, await res.text()]).toEqual([400, text]);
  expect(proxy.nodes.requests).toEqual([]);
});

test('a body that the client sent with a DELETE or POST is not announced to the nodes', async () => {
  for (const method of ['DELETE', 'POST']) {
    await send(method, () => ({ status: 204, body: '' }), {}, { 'content-length': '5', expect: '100-continue' });
    for (const { body, headers } of proxy.nodes.requests) {
      expect([body, headers.get('content-length'), headers.has('expect')]).toEqual(['none', '0', false]);
    }
  }
});

test('a container that is not there gives 404 for writes; a GET asks the nodes all the same', async () => {
  const options = { containerStatus: 404, containerHeaders: { 'x-backend-storage-policy-index': '2' } };
  expect((await send('POST', () => ({ status: 202 }), options)).status).toBe(404);
  expect((await send('DELETE', () => ({ status: 204 }), options)).status).toBe(404);
  expect(proxy.nodes.requests).toEqual([]);
  expect((await send('GET', () => ({ status: 200, body: 'x', headers: { etag: '"e"' } }), options)).status).toBe(200);
  await (await proxy.send(proxy.request('GET', '/v1/a/c/o'))).close();
  for (const request of proxy.nodes.requests) request.closed = true;
});

test('a ring whose partition power grows tells the nodes', async () => {
  const ring = { ...plainRing(3, 4, 6200), nextPartPower: 7 };
  await send('DELETE', () => ({ status: 204, body: '' }), { objectRing: ring });
  expect(proxy.nodes.requests[0]?.headers.get('x-backend-next-part-power')).toBe('7');
});

test('an internal client chooses the policy and the time', async () => {
  await send(
    'DELETE',
    () => ({ status: 204, body: '' }),
    {},
    {
      'x-backend-storage-policy-index': '1',
      'x-timestamp': '1402464677.04188_0000000000000002',
    },
  );
  const [first] = proxy.nodes.requests;
  expect(first?.headers.get('x-backend-storage-policy-index')).toBe('1');
  expect(first?.headers.get('x-timestamp')).toBe('1402464677.04188_0000000000000002');
  expect((await send('DELETE', () => ({ status: 204 }), {}, { 'x-backend-storage-policy-index': '9' })).status).toBe(
    503,
  );
});
