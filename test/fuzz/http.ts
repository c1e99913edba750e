/**
 * Fuzzes the codec in memory: recorded and made-up messages are mutated and cut at random places. Whatever the bytes, the parser
 * throws nothing but protocol errors, finds the same however the bytes are segmented, and finds nothing behind a refusal.
 *
 *     node test/fuzz/http.ts [--cases 1000000] [--seed N]
 */

import { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';
import { readAll } from '../../src/http/body.ts';
import { type BodyDecoder, ChunkedDecoder, FixedDecoder, UntilCloseDecoder } from '../../src/http/body-decoder.ts';
import { ByteInput } from '../../src/http/byte-input.ts';
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../../src/http/head-parser.ts';
import { type RequestHead, RequestHeadParser } from '../../src/http/request-head.ts';
import { HttpError, SwiftResponse } from '../../src/http/response.ts';
import { type ResponseHead, ResponseHeadParser } from '../../src/http/response-head.ts';
import { ServerConnection } from '../../src/http/server-connection.ts';
import { mutate, type Random, randomizer } from './random.ts';

/** Small, so that mutations reach them. */
const LIMITS: HeadLimits = {
  ...DEFAULT_HEAD_LIMITS,
  maxStartLine: 300,
  maxHeaderLine: 200,
  maxHeaderCount: 20,
  maxHeaderBytes: 1500,
};

const REQUESTS = [
  'GET /v1/AUTH_test/c/o?format=json HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\n\r\n',
  'PUT /sdb1/3/a/c/o HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-Timestamp: 1795352767.96963\r\n\r\nhello',
  'PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n',
  'PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n',
  'SSYNC /sdb1/6 HTTP/1.0\r\nConnection: keep-alive\r\nX-\xe0\xb8\x92: \xff\r\n\r\n',
  'GET http://h:80/p?q HTTP/1.1\r\nHost: other\r\nAccept-Encoding: identity\r\nAccept-Encoding: identity\r\n\r\n',
  'POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\nDELETE /b HTTP/1.1\r\nConnection: close\r\n\r\n',
];

const RESPONSES = [
  'HTTP/1.1 100 Continue\r\nX-Obj-Multiphase-Commit: yes\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nEtag: "x"\r\nDate: Sun, 22 Nov 2026 13:06:07 GMT\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
  'HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\nuntil the end',
];

/** What mutations put in. */
// prettier-ignore
const TOKENS = [
  '\r\n', '\n', '\r', '\0', ' ', '\t', ':', ',', ';', '0', '1', '-', '+', '\x7f', '\xff', '\r\n\r\n', '\r\n ', '0x', 'f', '0\r\n\r\n',
  'Content-Length: 5\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: gzip\r\n', 'Host: h\r\n', 'Connection: close\r\n', 'Expect: 100-continue\r\n', 'HTTP/1.1', 'HTTP/1.0',
  'GET / HTTP/1.1\r\n\r\n', 'a'.repeat(200), 'X: y\r\n'.repeat(20), '99999999999999999999', 'ffffffffffffff',
];

interface Reading {
  /** What was found, in order: heads, bytes of bodies, ends of bodies, a refusal. */
  found: string[];
  refused: boolean;
}

/** Reads one direction of a connection as it would be read when every segment is looked at as it comes. */
class Reader {
  readonly reading: Reading = { found: [], refused: false };
  readonly #parser: RequestHeadParser | ResponseHeadParser;
  readonly #input = new ByteInput();
  #decoder: BodyDecoder | null = null;
  #body = '';

  constructor(parser: RequestHeadParser | ResponseHeadParser) {
    this.#parser = parser;
  }

  feed(segment: Buffer): void {
    if (this.reading.refused) return;
    this.#input.push(segment);
    this.#run();
  }

  end(): void {
    if (this.reading.refused) return;
    this.#input.end();
    this.#run();
    if (this.#decoder !== null) this.#endBody('cut');
  }

  #run(): void {
    try {
      while (this.#step());
    } catch (error) {
      if (!(error instanceof HttpError) || error.status < 400) throw error;
      if (this.#decoder !== null) this.#endBody('refused');
      this.reading.found.push(`refused ${error.status} ${error.text ?? ''}`);
      this.reading.refused = true;
    }
  }

  #step(): boolean {
    if (this.#decoder === null) {
      const head = this.#parser.poll(this.#input);
      if (head === undefined) return false;
      checkHead(head);
      this.reading.found.push(JSON.stringify({ ...head, headers: [...head.headers] }));
      this.#decoder = decoderOf(head);
      return true;
    }
    const chunk = this.#decoder.poll(this.#input);
    if (chunk === undefined) return false;
    if (chunk === null) this.#endBody('whole');
    else this.#body += chunk.toString('latin1');
    return true;
  }

  #endBody(how: string): void {
    this.reading.found.push(`${how} ${this.#body}`);
    this.#body = '';
    this.#decoder = null;
  }
}

function decoderOf(head: RequestHead | ResponseHead): BodyDecoder {
  const { chunked, contentLength } = head.framing;
  if (chunked) return new ChunkedDecoder();
  if (contentLength !== null || 'method' in head || head.status < 200) return new FixedDecoder(contentLength ?? 0);
  return new UntilCloseDecoder();
}

/** What every head that was taken must be. */
function checkHead(head: RequestHead | ResponseHead): void {
  for (const [name, value] of head.headers) {
    if (name === '' || /[\0-\x1f:\x7f]|^ | $/.test(name)) throw new Error(`name taken: ${JSON.stringify(name)}`);
    if (/[\r\n\0]|^[ \t]|[ \t]$/.test(value)) throw new Error(`value taken: ${JSON.stringify(value)}`);
  }
  const { chunked, contentLength } = head.framing;
  if (chunked && (contentLength !== null || head.headers.has('content-length'))) throw new Error('two framings taken');
  if (contentLength !== null && !/^\d+$/.test(head.headers.get('content-length') ?? ''))
    throw new Error('length taken');
  if ('target' in head && !(head.target === '*' || /^\/[^\0- \x7f]*$/.test(head.target)))
    throw new Error('target taken');
}

function read(bytes: Buffer, isRequest: boolean, cut: (left: number) => number): Reading {
  const reader = new Reader(isRequest ? new RequestHeadParser(LIMITS) : new ResponseHeadParser(LIMITS, true));
  for (let at = 0; at < bytes.length;) {
    const size = cut(bytes.length - at);
    reader.feed(bytes.subarray(at, at + size));
    at += size;
  }
  reader.end();
  return reader.reading;
}

/** The same bytes through a whole server connection, over a duplex in memory. Checks that it answers what the parser takes. */
async function serve(bytes: Buffer, expected: Reading, random: Random): Promise<void> {
  const targets: string[] = [];
  let answers = '';
  const socket = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      answers += chunk.toString('latin1');
      done();
    },
  });
  const connection = new ServerConnection(socket, {
    log: null as never,
    clientTimeoutMs: 10_000,
    keepAliveTimeoutMs: 10_000,
    limits: LIMITS,
    scheme: 'http',
    onActive: () => undefined,
    onHandlerError: (error) => {
      throw error;
    },
    handler: async (req) => {
      targets.push(req.target.replace(/\?$/, ''));
      return new SwiftResponse(200, {}, await readAll(req.body));
    },
  });
  const served = connection.run();
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random(bytes.length);
    socket.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  socket.push(null);
  await served;
  const heads = expected.found.filter((item) => item.startsWith('{')).map((item) => JSON.parse(item) as RequestHead);
  const last = heads.findIndex((head) => !head.keepAlive);
  // A request drops a question mark that nothing follows.
  const wanted = (last < 0 ? heads : heads.slice(0, last + 1)).map((head) => head.target.replace(/\?$/, ''));
  // What expects 100 may end the connection when it has nothing to send, all else is served in full.
  if (targets.join('\n') !== wanted.slice(0, targets.length).join('\n') || targets.length > wanted.length) {
    throw new Error(`served ${JSON.stringify(targets)} of ${JSON.stringify(wanted)}: ${JSON.stringify(answers)}`);
  }
  const final = answers.match(/^HTTP\/1\.1 [2-5]\d\d /gm)?.length ?? 0;
  if (final > targets.length + 1) throw new Error(`${final} answers to ${targets.length} requests`);
}

export interface FuzzTotals {
  cases: number;
  taken: number;
  refused: number;
}

/** Runs `cases` cases from `seed`; throws at the first that breaks a rule, naming case and bytes. Every 200th runs through a connection. */
export async function fuzz(cases: number, seed: number): Promise<FuzzTotals> {
  const totals: FuzzTotals = { cases, taken: 0, refused: 0 };
  const random = randomizer(seed);
  for (let at = 0; at < cases; at++) {
    const isRequest = random(4) > 0;
    const pool = isRequest ? REQUESTS : RESPONSES;
    let text = mutate(pool[random(pool.length)] as string, random, TOKENS);
    if (random(4) === 0) text += mutate(pool[random(pool.length)] as string, random, TOKENS);
    const bytes = Buffer.from(text, 'latin1');
    try {
      const whole = read(bytes, isRequest, (left) => left);
      const widest = random(8) === 0 ? 1 : 1 + random(bytes.length);
      const pieces = read(bytes, isRequest, () => 1 + random(widest));
      if (whole.found.join('\n') !== pieces.found.join('\n')) {
        throw new Error(`segmentation matters: ${JSON.stringify(whole.found)} / ${JSON.stringify(pieces.found)}`);
      }
      if (whole.refused) totals.refused++;
      else totals.taken++;
      if (isRequest && at % 200 === 0) await serve(bytes, whole, random);
    } catch (cause) {
      throw new Error(`case ${at} of seed ${seed}: ${JSON.stringify(text)}`, { cause });
    }
  }
  return totals;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { cases: { type: 'string' }, seed: { type: 'string' } } });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  const cases = Number(values.cases ?? 1_000_000);
  console.log(`seed ${seed}, ${cases} cases`);
  const begun = performance.now();
  const { taken, refused } = await fuzz(cases, seed);
  console.log(`${taken} taken, ${refused} refused, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}
