/** A stand-in for the rest of the pipeline: answers as it was told, keeps what it was asked, and notices bodies that leak. */

import { type Body, readAll } from '../http/body.ts';
import type { Handler } from '../http/contract.ts';
import { type HeaderInit, Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import { TrackedBody, type UnfinishedBody } from './tracked-body.ts';

/** Text, bytes, chunks that come one at a time, or a body of the test's own. */
export type FakeBody = string | Body | readonly (string | Uint8Array)[];

/** A status alone, with a body, with headers and a body; or a function of the request. */
export type FakeAnswer =
  | number
  | readonly [status: number, body?: FakeBody]
  | readonly [status: number, headers: Record<string, string | number>, body?: FakeBody]
  | ((req: SwiftRequest) => SwiftResponse | Promise<SwiftResponse>);

/** Each call takes the next answer; the last one stays. */
export interface FakeSequence {
  readonly inTurn: readonly [FakeAnswer, ...FakeAnswer[]];
}

/** By `METHOD /path`, with its query or without. */
export type FakeAnswers = Readonly<Record<string, FakeAnswer | FakeSequence>>;

/** What one call came with. */
export interface FakeCall {
  readonly method: string;
  /** Path and query as they arrived; wire text. */
  readonly target: string;
  readonly headers: Headers;
  /** Who made it, when it is a sub-request. */
  readonly source: string | undefined;
  /** What was read of the body: all of it, unless the answer is a function. */
  readonly body: Buffer;
}

/** Call it as the app that a filter is put around. */
export interface FakeSwift extends Handler {
  /** `METHOD /path?query` of every call, in order. */
  readonly calls: readonly string[];
  readonly requests: readonly FakeCall[];
  /** Bodies of answers that were neither read to their end nor closed. */
  readonly unfinished: ReadonlySet<UnfinishedBody>;
  /** Adds answers, or replaces those of the same calls. */
  register(answers: FakeAnswers): void;
}

/** For assertNoLeaks: those it has not looked at yet. */
const made: FakeSwift[] = [];

/** A call that has no answer is an error that names those that have; a HEAD is answered as the GET without its body. */
export function fakeSwift(answers: FakeAnswers = {}): FakeSwift {
  const table = new Map<string, FakeAnswer[]>();
  const requests: FakeCall[] = [];
  const unfinished = new Set<UnfinishedBody>();
  const register = (more: FakeAnswers): void => {
    for (const [call, given] of Object.entries(more)) table.set(call, isSequence(given) ? [...given.inTurn] : [given]);
  };
  const handler: Handler = async (req) => {
    const { method, target, headers, env } = req;
    const answer = nextAnswer(table, req);
    const call: { -readonly [Key in keyof FakeCall]: FakeCall[Key] } = {
      method,
      target,
      headers: new Headers(headers),
      source: env.source,
      body: Buffer.alloc(0),
    };
    requests.push(call);
    if (typeof answer !== 'function' || req.body instanceof Uint8Array) call.body = await readAll(req.body);
    const res = typeof answer === 'function' ? await answer(req) : plainAnswer(answer, method);
    if (method === 'HEAD') await res.close();
    if (res.body !== null && method !== 'HEAD') res.body = new TrackedBody(`${method} ${target}`, res.body, unfinished);
    return res;
  };
  register(answers);
  const fake: FakeSwift = Object.assign(handler, { requests, unfinished, register, calls: [] });
  Object.defineProperty(fake, 'calls', { get: () => requests.map(({ method, target }) => `${method} ${target}`) });
  made.push(fake);
  return fake;
}

/**
 * Throws when an answer's body was neither read to its end nor closed. Without arguments it looks at every fakeSwift made since it
 * was last called so, which makes `afterEach(() => assertNoLeaks())` enough for a whole file.
 */
export function assertNoLeaks(...apps: readonly FakeSwift[]): void {
  const checked = apps.length > 0 ? apps : made.splice(0);
  const leaks = checked.flatMap(({ unfinished }) => [...unfinished]);
  if (leaks.length === 0) return;
  const lines = leaks.map(({ call, bytesRead }) => `${call}, of which ${bytesRead} bytes were read`);
  throw new Error(`bodies of answers were neither read to their end nor closed: ${lines.join('; ')}`);
}

function isSequence(given: FakeAnswer | FakeSequence): given is FakeSequence {
  return typeof given === 'object' && 'inTurn' in given;
}

function nextAnswer(table: ReadonlyMap<string, FakeAnswer[]>, req: SwiftRequest): FakeAnswer {
  const methods = req.method === 'HEAD' ? ['HEAD', 'GET'] : [req.method];
  for (const method of methods) {
    const sequence = [req.target, req.rawPath, req.path]
      .map((path) => table.get(`${method} ${path}`))
      .find((found) => found !== undefined);
    if (sequence === undefined) continue;
    return (sequence.length > 1 ? sequence.shift() : sequence[0]) as FakeAnswer;
  }
  const known = [...table.keys()].join(', ') || 'none';
  throw new Error(`fakeSwift has no answer to ${req.method} ${req.target}; it has ${known}`);
}

function plainAnswer(answer: Exclude<FakeAnswer, (req: SwiftRequest) => unknown>, method: string): SwiftResponse {
  if (typeof answer === 'number') return new SwiftResponse(answer, { 'content-length': 0 });
  const [status, second, third] = answer as readonly [number, unknown, FakeBody?];
  const withHeaders = isHeaders(second);
  const headers = new Headers(withHeaders ? (second as HeaderInit) : {});
  const body = toBody((withHeaders ? third : (second as FakeBody | undefined)) ?? null);
  if (body === null || body instanceof Uint8Array) headers.setDefault('content-length', body?.length ?? 0);
  return new SwiftResponse(status, headers, method === 'HEAD' ? null : body);
}

function isHeaders(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A body as apps have it. */
export function toBody(body: FakeBody): Body {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return isChunks(body) ? chunksOf(body) : body;
}

function isChunks(body: FakeBody): body is readonly (string | Uint8Array)[] {
  return Array.isArray(body);
}

async function* chunksOf(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
}
