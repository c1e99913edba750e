import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Headers } from '../../../src/http/headers.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { StorageError } from '../../../src/obj/storage.ts';
import { storages } from '../../contract/object-storages.ts';
import { type ObjectServerFixture, objectServer } from './support.ts';

const folder = fileURLToPath(new URL('../../golden/http/', import.meta.url));

interface CaptureEvent {
  from: 'client' | 'server';
  latin1: string;
  truncated_bytes?: number;
}
interface Connection {
  to: string;
  events: CaptureEvent[];
}
interface Capture {
  scenario: string;
  what: string;
  backend_connections: Connection[];
}
interface Message {
  startLine: string;
  headers: Headers;
  body: string;
}

const SCENARIOS = /^(03\d|04\d|05[0-4]|11[01]|12[0-5]|14[03-9]|15\d|160|161|230|27[5-9]|280)-/;
/** SSYNC is not served, so OPTIONS does not name it. */
const OPTIONS_SCENARIO = '140-direct-options-object';
/** These ran on a partition with objects that no scenario wrote; the hash format has its own vectors. */
const WITHOUT_BODY = new Set(['159-direct-replicate']);

function parse(text: string): Message {
  const end = text.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  return { startLine, headers, body: text.slice(end + 4) };
}

function said(connection: Connection, by: 'client' | 'server'): string {
  return connection.events
    .filter((event) => event.from === by)
    .map((event) => event.latin1)
    .join('');
}

function dechunk(text: string): string {
  let out = '';
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n', at);
    const size = parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return out;
    out += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

/** The body of 032 was cut in the recording; its MD5 in the answer proves this one. */
const CHUNKED_BODY = Buffer.from(Array.from({ length: 2560 }, (_, at) => at % 256));

function bodyOf(capture: Capture, request: Message): Buffer | null {
  if (capture.scenario.startsWith('032')) return CHUNKED_BODY;
  const chunked = request.headers.get('transfer-encoding') === 'chunked';
  if (chunked) return Buffer.from(dechunk(request.body), 'latin1');
  return request.headers.has('content-length') ? Buffer.from(request.body, 'latin1') : null;
}

const IGNORED = new Set(['date', 'connection', 'server']);

/** Headers in order of names, without what differs from run to run. */
function comparable(headers: Headers): [string, string][] {
  return headers
    .toTitled()
    .filter(([name]) => !IGNORED.has(name.toLowerCase()))
    .map(([name, value]): [string, string] => [
      name,
      value.replace(/boundary=\w+/, 'boundary=B').replace(/^(object-server) \d+$/, '$1 PID'),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Objects that were there before the recording of a scenario began. */
const SEEDS: Record<string, [target: string, headers: Record<string, string>, body: string][]> = {
  '230-get-expired': ['sdb1', 'sdb2', 'sdb3'].map((device) => [
    `/${device}/37/AUTH_test/c/exp2`,
    { 'x-timestamp': '1795353041.95869', 'content-type': 'text/plain', 'x-delete-at': '1795353044' },
    'soon gone',
  ]),
  '275-object-put-409': [
    ['/sdb4/56/AUTH_test/fail/future', { 'x-timestamp': '1795357345.14353', 'content-type': 'a/b' }, 'new'],
  ],
  '279-object-post-mixed': [
    ['/sdb1/41/AUTH_test/fail/lonely', { 'x-timestamp': '1795353741.54001', 'content-type': 'a/b' }, 'new'],
  ],
};

const captures = readdirSync(folder)
  .filter((name) => SCENARIOS.test(name))
  .sort()
  .map((name) => JSON.parse(readFileSync(folder + name, 'utf8')) as Capture);

describe.each(storages)('recorded requests to an object server get the recorded answers from the $name', ({ make }) => {
  let server: ObjectServerFixture;
  let end: () => void | Promise<void>;
  const refusing = new Set<string>();

  beforeAll(async () => {
    const made = await make(['sdb1', 'sdb2', 'sdb3', 'sdb4']);
    ({ end } = made);
    server = objectServer({ storage: made.storage });
    const object = server.storage.object.bind(server.storage);
    server.storage.object = (location) => {
      if (refusing.has(location.device)) throw new StorageError('device-unavailable');
      return object(location);
    };
    for (const port of [6711, 6721, 6731, 6741]) {
      server.listen(
        `127.0.0.1:${port}`,
        (req) => new SwiftResponse(req.method === 'DELETE' ? 204 : 201, { 'content-length': '0' }),
      );
    }
  });
  afterAll(async () => {
    await server.host.close();
    await end();
  });

  test.each(captures.map((capture) => [capture.scenario, capture] as const))('%s', async (scenario, capture) => {
    for (const [target, headers, body] of SEEDS[scenario] ?? []) {
      const seeded = await server.request('PUT', target, headers, Buffer.from(body));
      expect(seeded.status).toBe(201);
    }
    server.rows.length = 0;
    for (const connection of capture.backend_connections) {
      if (connection.to.startsWith('object-server')) await replay(capture, connection);
    }
    const expectedRows = capture.backend_connections
      .filter((connection) => connection.to.startsWith('container-server'))
      .map((connection) => parse(said(connection, 'client')));
    expect(server.rows.map((row) => [`${row.method} ${row.path}`, comparable(row.headers)]).sort()).toEqual(
      expectedRows
        .filter((row) => row.headers.get('user-agent')?.startsWith('object-server') === true)
        .map((row) => [row.startLine.replace(' HTTP/1.1', ''), comparable(row.headers)])
        .sort(),
    );
  });

  async function replay(capture: Capture, connection: Connection): Promise<void> {
    const request = parse(said(connection, 'client'));
    const answers = said(connection, 'server');
    const interim = answers.startsWith('HTTP/1.1 100') ? parse(answers) : undefined;
    const expected = interim === undefined ? parse(answers) : parse(interim.body);
    const [method = '', target = ''] = request.startLine.split(' ');
    refusing.clear();
    if (expected.startLine.includes(' 507 ')) refusing.add(target.split('/')[1] as string);
    server.clock.seconds = Date.parse(expected.headers.get('date') ?? 'Sun, 22 Nov 2026 13:22:25 GMT') / 1000;
    let continued: Headers | undefined;
    const response = await server.request(
      method,
      target,
      Object.fromEntries(request.headers),
      bodyOf(capture, request),
      {
        sendContinue: (headers) => {
          continued = headers;
        },
        signal: () => new AbortController().signal,
      },
    );
    const body = method === 'HEAD' ? '' : (await response.bytes()).toString('latin1');
    if (expected.startLine === '') {
      // The proxy went away after the 100.
      expect(response.status).toBe(499);
      return;
    }
    expect(`HTTP/1.1 ${response.statusLine}`).toBe(expected.startLine);
    if (capture.scenario === OPTIONS_SCENARIO) {
      expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, POST, PUT, REPLICATE');
      return;
    }
    if (WITHOUT_BODY.has(capture.scenario)) return;
    expect(comparable(response.headers)).toEqual(comparable(expected.headers));
    expect(body.replaceAll(/--[0-9a-f]{32}/g, '--B')).toBe(expected.body.replaceAll(/--[0-9a-f]{32}/g, '--B'));
    if (interim?.headers.size) expect(comparable(continued ?? new Headers())).toEqual(comparable(interim.headers));
  }
});
