/** Recorded exchanges of a Python proxy with its storage servers, replayed: the nodes give the recorded answers. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Headers } from '../../../src/http/headers.ts';
import type { RecordedRequest, ScriptedAnswer } from './scripted-nodes.ts';

const folder = fileURLToPath(new URL('../../golden/http/', import.meta.url));

interface RawCapture {
  what: string;
  client_to_proxy: {
    method: string;
    path: string;
    request_headers: Record<string, string>;
    status: number;
    reason: string;
    response_headers: [string, string][];
    response_body_latin1: string;
  };
  backend_connections: { to: string; events: { from: 'client' | 'server'; latin1: string }[] }[];
}

export interface RecordedExchange {
  /** `account-server` and the like. */
  server: string;
  device: string;
  method: string;
  /** Without device; with its query. */
  target: string;
  headers: Headers;
  status: number;
  reason: string;
  answerHeaders: Headers;
  body: string;
  /** Made by a filter that asked for info, not for the client's request itself. */
  isInfo: boolean;
  /** Made by the proxy, not by a container server. */
  isProxys: boolean;
}

export interface Capture {
  name: string;
  what: string;
  client: RawCapture['client_to_proxy'];
  exchanges: RecordedExchange[];
}

export function loadCapture(number: string): Capture {
  const name = readdirSync(folder).find((file) => file.startsWith(`${number}-`));
  if (name === undefined) throw new Error(`no capture ${number}`);
  const raw = JSON.parse(readFileSync(folder + name, 'utf8')) as RawCapture;
  const exchanges = raw.backend_connections.map(({ to, events }) => {
    const said = (by: string): string =>
      events
        .filter(({ from }) => from === by)
        .map(({ latin1 }) => latin1)
        .join('');
    return exchangeOf(to.split(' ')[0] as string, said('client'), said('server'));
  });
  return { name, what: raw.what, client: raw.client_to_proxy, exchanges };
}

function exchangeOf(server: string, request: string, answer: string): RecordedExchange {
  const sent = parse(request);
  const given = parse(answer);
  const [method = '', path = ''] = sent.startLine.split(' ');
  const device = path.split('/')[1] ?? '';
  const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d+) (.*)$/.exec(given.startLine) ?? [];
  const agent = sent.headers.get('user-agent');
  return {
    server,
    device,
    method,
    target: path.slice(device.length + 1),
    headers: sent.headers,
    status: Number(status),
    reason,
    answerHeaders: given.headers,
    body: given.body,
    isInfo: sent.headers.has('x-backend-allow-reserved-names'),
    isProxys: agent === undefined || agent.startsWith('proxy-server'),
  };
}

function parse(text: string): { startLine: string; headers: Headers; body: string } {
  const end = text.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  return { startLine, headers, body: text.slice(end + 4) };
}

/** What a node answers: as recorded for this device, else as another replica did. */
export function recordedAnswer(capture: Capture, request: RecordedRequest): ScriptedAnswer {
  const target = request.target.slice(request.device.length + 1);
  const path = target.split('?')[0];
  const candidates = capture.exchanges.filter(
    (exchange) => exchange.method === request.method && exchange.target.split('?')[0] === path,
  );
  const isInfo = request.headers.has('x-backend-allow-reserved-names');
  const chosen =
    candidates.find(({ device, isInfo: info }) => device === request.device && info === isInfo) ??
    candidates.find(({ isInfo: info }) => info === isInfo) ??
    candidates[0];
  if (chosen === undefined) throw new Error(`not recorded: ${request.method} ${request.target}`);
  return {
    status: chosen.status,
    reason: chosen.reason,
    headers: chosen.answerHeaders,
    body: Buffer.from(chosen.body, 'latin1'),
    chunkBytes: 100,
  };
}

/** Names that say who asked, when and by which transaction, and what Python's client library adds. */
const VOLATILE = ['x-trans-id', 'x-openstack-request-id', 'x-timestamp', 'accept-encoding', 'x-auth-token'];
/** Python's proxy closes its connections to the nodes after each request; Apus keeps them. */
const KEPT = 'connection';
/** Which account server a container server tells depends on the order of the nodes. */
const PAIRED = ['x-account-host', 'x-account-device'];

/** A head in a form that two implementations can be compared in: `[METHOD target, sorted headers]`. */
export function comparableHead(method: string, target: string, given: Headers): [string, string[]] {
  const headers = new Headers(given);
  for (const name of [...VOLATILE, ...PAIRED, KEPT]) headers.delete(name);
  if (headers.get('content-type') === '') headers.delete('content-type');
  const agent = headers.get('user-agent');
  if (agent !== undefined) headers.set('user-agent', agent.replace(/\d+$/, 'PID'));
  // Each write goes to a node under the node's own name.
  if (method !== 'GET' && method !== 'HEAD') headers.delete('host');
  const lines = headers.toTitled().map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${sortedQuery(target)}`, lines.map((line) => sortedReferer(line)).sort()];
}

function sortedReferer(line: string): string {
  return line.startsWith('Referer: ') ? sortedQuery(line) : line;
}

function sortedQuery(target: string): string {
  const [path, query] = target.split('?');
  return query === undefined ? (path as string) : `${path}?${query.split('&').sort().join('&')}`;
}

const UNCOMPARED_ANSWER = ['date', 'x-trans-id', 'x-openstack-request-id'];

/** Headers of an answer to the client, sorted; what the gatekeeper takes away is left out, times of now are masked. */
export function comparableAnswer(headers: Iterable<readonly [string, string]>, maskTimes: boolean): string[] {
  const out: string[] = [];
  for (const [name, value] of new Headers(headers).toTitled()) {
    const lower = name.toLowerCase();
    if (UNCOMPARED_ANSWER.includes(lower) || lower.startsWith('x-backend-')) continue;
    const masked = maskTimes && (lower === 'x-timestamp' || lower === 'x-put-timestamp');
    out.push(`${name}: ${masked ? 'NOW' : value}`);
  }
  return out.sort();
}
