/** Runs scenarios against a proxy and gives what it answered, with what differs from run to run replaced by placeholders. */

import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { USERS } from '../cluster/configuration.ts';
import { Normalizer } from './normalizer.ts';
import { exchange, headerOf, type RawAnswer, type RawRequest } from './raw-client.ts';
import type { HeaderValue, Scenario, Step, StepContext, UserName } from './scenario.ts';

/** One answer as it is kept in recorded/<area>.json. */
export interface RecordedAnswer {
  /** Method and target, for the reader; and to see that a recording is of these steps. */
  request: string;
  interim?: readonly string[];
  status: string;
  /** By name, as spelled on the wire. */
  headers: Readonly<Record<string, string | readonly string[]>>;
  /** The connection ended before the body was whole. */
  cut?: true;
  body: RecordedBody;
}

/** Text, lines of it, parsed JSON where a step says so, or what stands for bytes. */
export type RecordedBody =
  string | readonly string[] | { json: unknown } | { base64: string } | { bytes: number; sha256: string };

const ACCOUNT_PATH = '/v1/AUTH_test/';
const UNTIL_TIMEOUT_MS = 10_000;
const UNTIL_PAUSE_MS = 200;

export class ScenarioRunner {
  readonly #port: number;
  readonly #area: string;
  readonly #tokens = new Map<UserName, string>();

  constructor(port: number, area: string) {
    this.#port = port;
    this.#area = area;
  }

  async run(scenario: Scenario): Promise<{ answers: RecordedAnswer[]; steps: Step[] }> {
    const context = new Context(this.#area, scenario.name);
    const normalizer = new Normalizer(this.#port, context);
    const answers: RecordedAnswer[] = [];
    const steps: Step[] = [];
    for (const source of scenario.steps) {
      const step = typeof source === 'function' ? source(context) : source;
      steps.push(step);
      const answer = await this.#perform(step, context);
      for (const [name, read] of Object.entries(step.capture ?? {})) context.values.set(name, read(answer));
      const target = step.raw === undefined ? `${step.method} ${context.fill(step.path)}` : step.raw.split('\r\n')[0];
      answers.push(normalizer.answer(target ?? '', step, answer));
    }
    return { answers, steps };
  }

  async #perform(step: Step, context: Context): Promise<RawAnswer> {
    const deadline = Date.now() + UNTIL_TIMEOUT_MS;
    for (;;) {
      const request = await this.#request(step, context);
      const answer = await exchange(this.#port, request);
      if (step.until?.(answer) !== false || Date.now() > deadline) return answer;
      await sleep(UNTIL_PAUSE_MS);
    }
  }

  async #request(step: Step, context: Context): Promise<RawRequest> {
    if (step.raw !== undefined) return await this.#rawRequest(step.raw, context);
    const body = bodyOf(step, context);
    const fields: [string, HeaderValue][] = [
      ['Host', `127.0.0.1:${this.#port}`],
      ['Connection', 'close'],
    ];
    const user = step.as ?? 'tester';
    if (user !== 'none') fields.push(['X-Auth-Token', await this.#token(user)]);
    if (step.chunked === true) fields.push(['Transfer-Encoding', 'chunked']);
    else if (step.body !== undefined || step.method === 'PUT' || step.method === 'POST')
      fields.push(['Content-Length', String(body.length)]);
    const given = Object.entries(step.headers ?? {});
    const names = new Set(given.map(([name]) => name.toLowerCase()));
    const all = [...fields.filter(([name]) => !names.has(name.toLowerCase())), ...given];
    const target = /^(\/|\*|$)/.test(step.path) ? step.path : ACCOUNT_PATH + step.path;
    const head = Buffer.concat([
      Buffer.from(`${step.method} ${context.fill(target)} HTTP/1.1\r\n`),
      ...all.flatMap(([name, value]) => headerLines(name, value, context)),
      Buffer.from('\r\n'),
    ]);
    const expectsContinue = given.some(([name]) => name.toLowerCase() === 'expect');
    return {
      head,
      body: step.chunked === true ? chunked(body) : body,
      expectsContinue,
      isHead: step.method === 'HEAD',
    };
  }

  async #rawRequest(text: string, context: Context): Promise<RawRequest> {
    let filled = text;
    for (const name of Object.keys(USERS) as (keyof typeof USERS)[])
      if (filled.includes(`{${name}}`)) filled = filled.replaceAll(`{${name}}`, await this.#token(name));
    const head = Buffer.from(context.fill(filled.replaceAll('{host}', `127.0.0.1:${this.#port}`)), 'latin1');
    return { head, body: Buffer.alloc(0), expectsContinue: false, isHead: text.startsWith('HEAD ') };
  }

  async #token(name: Exclude<UserName, 'none'>): Promise<string> {
    const known = this.#tokens.get(name);
    if (known !== undefined) return known;
    const { user, key } = USERS[name];
    const head = `GET /auth/v1.0 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Auth-User: ${user}\r\nX-Auth-Key: ${key}\r\n\r\n`;
    const request = { head: Buffer.from(head), body: Buffer.alloc(0), expectsContinue: false, isHead: false };
    const answer = await exchange(this.#port, request);
    const token = headerOf(answer, 'x-auth-token');
    if (token === undefined) throw new Error(`${user} got no token: ${answer.status} ${answer.body.toString()}`);
    this.#tokens.set(name, token);
    return token;
  }
}

function headerLines(name: string, value: HeaderValue, context: Context): Buffer[] {
  if (value === null) return [];
  const values = typeof value === 'string' || value instanceof Uint8Array ? [value] : value;
  return values.map((each) =>
    Buffer.concat([
      Buffer.from(`${name}: `),
      typeof each === 'string' ? Buffer.from(context.fill(each)) : each,
      Buffer.from('\r\n'),
    ]),
  );
}

function bodyOf({ body }: Step, context: Context): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'number') return generatedBytes(body);
  return typeof body === 'string' ? Buffer.from(context.fill(body)) : Buffer.from(body);
}

/** Bytes that no other offset has alike: what is cut or shifted is seen. */
export function generatedBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; at++) bytes[at] = (at * 31 + (at >>> 8) * 7 + (at >>> 16)) & 0xff;
  return bytes;
}

function chunked(body: Buffer): Buffer {
  const middle = Math.ceil(body.length / 2);
  const chunks = [body.subarray(0, middle), body.subarray(middle)].filter((chunk) => chunk.length > 0);
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
}

/** Names are made of the scenario's own, so that what is computed from them (ETags, partitions) is the same in every run. */
export class Context implements StepContext {
  readonly c: string;
  readonly a: string;
  readonly nowSec: number = Math.floor(Date.now() / 1000);
  readonly values: Map<string, string> = new Map();
  readonly hidden: Map<string, string> = new Map();

  constructor(area: string, name: string) {
    const unique = hash('sha256', `${area}\n${name}`).slice(0, 12);
    this.c = `c${unique}`;
    this.a = `AUTH_${unique}`;
    this.values.set('c', this.c).set('a', this.a);
  }

  hide(name: string, text: string): string {
    this.hidden.set(text, name);
    return text;
  }

  /** Braces around anything but a known name stay as they are. */
  fill(text: string): string {
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => this.values.get(name) ?? whole);
  }
}
