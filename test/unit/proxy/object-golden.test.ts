/** Recorded requests for objects: the proxy must send every node what OpenStack Swift sent, and answer the client as it did. */

import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { RingLookup, RingNode } from '../../../src/common/host.ts';
import type { RequestEnv } from '../../../src/http/env.ts';
import { Headers } from '../../../src/http/headers.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { HASH_CONFIG, ObjectProxy } from './object-fixture.ts';
import type { RecordedRequest, ScriptedAnswer } from './scripted-nodes.ts';

const FOLDER = new URL('../../golden/http/', import.meta.url);

interface Capture {
  client_to_proxy: {
    method: string;
    path: string;
    request_headers: Record<string, string>;
    request_body_bytes: number;
    status: number;
    reason: string;
    response_headers: [string, string][];
    response_body_latin1: string;
  };
  backend_connections: { to: string; events: { from: 'client' | 'server'; latin1: string }[] }[];
}

interface Connection {
  device: string;
  method: string;
  target: string;
  headers: Headers;
  body: string;
  answer: ScriptedAnswer;
}

let proxy: ObjectProxy | undefined;
afterEach(() => {
  expect(proxy?.nodes.leaked).toEqual([]);
});

function load(name: string): Capture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Capture;
}

function splitHead(text: string): [head: string, rest: string] {
  const end = text.indexOf('\r\n\r\n');
  return [text.slice(0, end), text.slice(end + 4)];
}

function parseHeaders(lines: readonly string[]): Headers {
  return new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
  );
}

function objectConnections(capture: Capture): Connection[] {
  return capture.backend_connections
    .filter(({ to }) => to.startsWith('object-server'))
    .map(({ to, events }) => {
      const sent = events
        .filter(({ from }) => from === 'client')
        .map(({ latin1 }) => latin1)
        .join('');
      const received = events
        .filter(({ from }) => from === 'server')
        .map(({ latin1 }) => latin1)
        .join('');
      const [head, body] = splitHead(sent);
      const [requestLine = '', ...lines] = head.split('\r\n');
      const [method = '', target = ''] = requestLine.split(' ');
      return {
        device: to.split(' ')[1] as string,
        method,
        target,
        headers: parseHeaders(lines),
        body,
        answer: parseAnswer(received),
      };
    });
}

function parseAnswer(text: string): ScriptedAnswer {
  const [head, rest] = splitHead(text);
  const [statusLine = '', ...lines] = head.split('\r\n');
  if (statusLine.includes(' 100 ')) return { ...parseAnswer(rest), interim: parseHeaders(lines) };
  const [, status, ...reason] = statusLine.split(' ');
  return {
    status: Number(status),
    reason: reason.join(' '),
    headers: parseHeaders(lines),
    body: Buffer.from(rest, 'latin1'),
  };
}

/** The ring of the recorded cluster, with primaries in the order in which they were asked. */
function recordedRing(name: string, connections: readonly Connection[]): RingLookup {
  const ring = Ring.load(new URL(`cluster/${name}.ring.gz`, FOLDER).pathname, HASH_CONFIG);
  const order = connections.map(({ device }) => device);
  const place = ({ device }: RingNode): number => (order.includes(device) ? order.indexOf(device) : order.length);
  return {
    replicaCount: ring.replicaCount,
    partPower: ring.partPower,
    nextPartPower: ring.nextPartPower,
    devices: ring.devices,
    partitionOf: (...names) => ring.partitionOf(...names),
    primaries: (partition) => [...ring.primaries(partition)].sort((a, b) => place(a) - place(b)),
    handoffs: (partition) => ring.handoffs(partition),
  };
}

/** Differs from replica to replica: which node does which updates is compared over all of them. */
const SHARES = [
  'x-container-host',
  'x-container-device',
  'x-delete-at-host',
  'x-delete-at-device',
  'x-delete-at-container',
  'x-delete-at-partition',
  'x-backend-clean-expiring-object-queue',
];
/** Of Python's HTTP library, the recorded process, or told in another way here. */
/** What stands for another moment, library or framing; Python's proxy closes its connections, Apus keeps them. */
const OTHER = [
  'connection',
  'accept-encoding',
  'user-agent',
  'content-length',
  'transfer-encoding',
  'x-backend-obj-multipart-mime-boundary',
];

function common(headers: Headers): [string, string][] {
  return [...headers]
    .filter(
      ([name, value]) => !SHARES.includes(name) && !OTHER.includes(name) && !(name === 'content-type' && value === ''),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function shares(all: readonly { headers: Headers }[]): string[] {
  return all.map(({ headers }) => SHARES.map((name) => headers.get(name) ?? '-').join(' ')).sort();
}

function bodyKind(headers: Headers): RecordedRequest['body'] {
  if (headers.get('transfer-encoding') === 'chunked') return 'chunked';
  const length = Number(headers.get('content-length') ?? 0);
  return length === 0 ? 'none' : length;
}

/** Bytes of the data in a recorded body. */
function payload(connection: Connection | undefined): Buffer {
  const { body = '', headers } = connection ?? {};
  if (headers?.get('transfer-encoding') !== 'chunked') return Buffer.from(body, 'latin1');
  let data = '';
  for (let at = 0; at < body.length;) {
    const line = body.indexOf('\r\n', at);
    const size = parseInt(body.slice(at, line), 16);
    data += body.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
  return Buffer.from(data, 'latin1');
}

/** What the filters around the proxy had added to the client's headers. */
function filterHeaders(connection: Connection | undefined): [string, string][] {
  const added = ['x-auth-token', 'x-backend-etag-is-at', 'x-backend-ignore-range-if-metadata-present'];
  return [...(connection?.headers ?? [])].filter(
    ([name]) => added.includes(name) || name.startsWith('x-object-transient-sysmeta-'),
  );
}

async function replay(
  name: string,
  containerHeaders: Record<string, string> = {},
  env: RequestEnv = {},
  limited: string[] = [],
): Promise<void> {
  const capture = load(name);
  const client = capture.client_to_proxy;
  const connections = objectConnections(capture);
  const [first] = connections;
  const listing = capture.backend_connections.find(
    ({ to, events }) => to.startsWith('container') && events[0]?.latin1.startsWith('GET'),
  );
  proxy = new ObjectProxy(
    ({ device }) => connections.find((one) => one.device === device)?.answer ?? { refuse: true },
    {
      objectRing: recordedRing('object', connections),
      containerRing: recordedRing('container', []),
      conf: { post_quorum_timeout: '2' },
      containerHeaders,
      listing: () => {
        const { headers, body = '' } = parseAnswer(listing?.events.find(({ from }) => from === 'server')?.latin1 ?? '');
        return new SwiftResponse(200, headers as Headers, Buffer.from(body));
      },
    },
  );
  proxy.now = Number(first?.headers.get('x-timestamp'));
  for (const node of proxy.context.ring('object').devices)
    if (limited.includes(node.device)) proxy.context.errorLimiter.limit(node);

  const headers = new Headers(filterHeaders(first)).update(client.request_headers);
  headers.set('host', first?.headers.get('host') ?? '');
  if (headers.has('x-object-meta-secret')) headers.delete('x-object-meta-secret');
  let body: Buffer | null = null;
  if (client.method === 'PUT') {
    const framed = first?.headers.get('x-backend-obj-content-length') !== undefined;
    body =
      framed || name === '032-object-put-chunked'
        ? Buffer.alloc(client.request_body_bytes, 7)
        : payload(connections.find((one) => one.body !== ''));
    if (name === '032-object-put-chunked') headers.set('transfer-encoding', 'chunked');
    else headers.set('content-length', client.request_body_bytes);
    if (body.length === 0) body = Buffer.alloc(client.request_body_bytes);
  }
  const transId = new Headers(client.response_headers).get('x-trans-id') as string;
  const req = proxy.request(client.method, client.path, headers, body, { transId, ...env });
  if (name === '032-object-put-chunked') req.headers.delete('content-length');

  const res = await proxy.send(req);
  const answer = await res.bytes();
  const got = proxy.nodes.requests;
  const byDevice = (a: { device: string }, b: { device: string }): number => (a.device < b.device ? -1 : 1);
  const asked = (all: readonly (Connection | RecordedRequest)[]): unknown[] =>
    [...all].sort(byDevice).map(({ device, method, target, headers }) => [device, method, target, common(headers)]);
  expect(asked(got)).toEqual(asked(connections));
  expect(shares(got)).toEqual(shares(connections));
  expect(got.map(({ body }) => body)).toEqual(connections.map((one) => bodyKind(one.headers)));

  expect([res.status, res.statusLine]).toEqual([client.status, `${client.status} ${client.reason}`]);
  const seen = (all: Iterable<readonly [string, string]>): unknown[] =>
    [...new Headers(all)]
      .filter(
        ([name]) =>
          !/^(date|x-trans-id|x-openstack-request-id|x-backend-.*|x-object-transient-.*|x-object-sysmeta-.*)$/.test(
            name,
          ),
      )
      .sort();
  // The filter that encrypts answers with the ETag of what the client sent.
  if (env.updateFooters !== undefined) res.headers.set('etag', new Headers(client.response_headers).get('etag') ?? '');
  expect(seen(res.headers)).toEqual(seen(client.response_headers));
  if (client.method !== 'HEAD') expect(answer.toString('latin1')).toBe(client.response_body_latin1);
}

test.each([
  '030-object-put',
  '031-object-put-zero',
  '032-object-put-chunked',
  '033-object-put-utf8',
  '034-object-put-bad-etag',
  '035-object-put-if-none-match',
  '036-object-put-delete-after',
  '037-object-post',
  '038-object-post-no-ctype',
  '039-object-post-delete-at',
  '040-object-head',
  '041-object-get',
  '042-object-get-range',
  '043-object-get-multirange',
  '044-object-get-416',
  '045-object-get-304',
  '046-object-get-412',
  '047-object-get-if-modified',
  '048-object-get-404',
  '049-object-get-newest',
  '050-object-delete',
  '051-object-get-deleted',
  '052-object-delete-404',
  '053-object-delete-expiring',
  '120-object-put-507',
  '230-get-expired',
  '275-object-put-409',
  '276-object-delete-409',
  '277-object-get-one-of-three',
  '278-object-post-one-of-three',
  '280-object-delete-mixed',
])('%s goes to the nodes and back as recorded', async (name) => {
  await replay(name);
});

test.each([
  '121-object-put-507-again',
  '122-object-get-while-limited',
  '123-object-delete-while-limited',
  '124-object-put-container-stuck',
  '125-object-post-container',
])('%s passes over the node that is rested', async (name) => {
  await replay(name, {}, {}, ['sdb1']);
});

test.each(['252-put-sharded', '253-delete-sharded'])('%s names the shard that covers the object', async (name) => {
  const listing = JSON.stringify([
    ['', '.shards_AUTH_test/sharded-9bca16730b6e417352a5a6f3e1119479-1795353162.99111-0'],
    ['obj-04', '.shards_AUTH_test/sharded-9bca16730b6e417352a5a6f3e1119479-1795353162.99111-1'],
  ]);
  const cached =
    name === '253-delete-sharded'
      ? new Map<string, unknown>([['shard-updating-v2/AUTH_test/sharded', JSON.parse(listing)]])
      : undefined;
  await replay(name, { 'x-backend-sharding-state': 'sharded' }, { infoCache: cached });
});

test('110-encrypted-put sends the footers of a filter behind the data', async () => {
  const recorded = objectConnections(load('110-encrypted-put'))[0] as Connection;
  const message = payload(recorded).toString('latin1');
  const json = message.slice(message.indexOf('{"Etag"'), message.indexOf('}\r\n--') + 1);
  await replay(
    '110-encrypted-put',
    {},
    {
      updateFooters: (footers) => {
        for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, string>))
          footers.set(name, value);
      },
    },
  );
  const own = proxy?.nodes.requests[0] as RecordedRequest;
  const boundary = (headers: Headers): string => headers.get('x-backend-obj-multipart-mime-boundary') as string;
  const tail = (text: string, bound: string): string =>
    text.slice(text.indexOf(`\r\n--${bound}\r\n`)).replaceAll(bound, 'B');
  expect(tail(own.received.toString('latin1'), boundary(own.headers))).toBe(tail(message, boundary(recorded.headers)));
});

test('279: a POST that a minority of the primaries has taken is tried on handoffs, then 503', async () => {
  const connections = objectConnections(load('279-object-post-mixed'));
  proxy = new ObjectProxy(
    ({ device }) => connections.find((one) => one.device === device)?.answer ?? { refuse: true },
    {
      objectRing: recordedRing('object', connections),
      containerRing: recordedRing('container', []),
    },
  );
  const res = await proxy.send(proxy.request('POST', '/v1/AUTH_test/fail/lonely', { 'x-object-meta-a': 'b' }));
  expect(res.status).toBe(503);
  expect(proxy.nodes.devices).toEqual(connections.map(({ device }) => device));
});
