/** Sends bytes over a connection of their own and tells what came back, byte for byte. */

import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Status lines of 1xx answers in front of the final one. */
  readonly interim: readonly string[];
  /** `200 OK`; empty when the connection was closed without an answer. */
  readonly status: string;
  /** As sent, in order, one character for each byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The connection ended before the body was whole. */
  readonly cut: boolean;
}

export interface RawRequest {
  head: Buffer;
  body: Buffer;
  /** Waits for a first answer before it sends the body. */
  expectsContinue: boolean;
  /** No body follows the answer's head. */
  isHead: boolean;
}

const TIMEOUT_MS = 60_000;

/** Value of a header; undefined when it was not sent. */
export function headerOf(answer: RawAnswer, name: string): string | undefined {
  return answer.headers.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}

export async function exchange(port: number, request: RawRequest): Promise<RawAnswer> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  // A server that refuses closes while it is written to: what counts is what it has said.
  socket.on('error', () => undefined);
  try {
    socket.write(request.head);
    if (!request.expectsContinue) socket.write(request.body);
    return await readAnswer(new AnswerReader(socket), request, () => socket.write(request.body));
  } finally {
    socket.destroy();
  }
}

async function readAnswer(reader: AnswerReader, request: RawRequest, sendBody: () => void): Promise<RawAnswer> {
  const interim: string[] = [];
  for (;;) {
    const head = await reader.head();
    if (head === undefined) return { interim, status: '', headers: [], body: reader.rest(), cut: true };
    const [statusLine = '', ...lines] = head.split('\r\n');
    const status = statusLine.replace(/^HTTP\/1\.[01] /, '');
    if (status.startsWith('1')) {
      interim.push(status);
      if (request.expectsContinue && interim.length === 1) sendBody();
      continue;
    }
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
    const { body, cut } = await readBody(reader, headers, request.isHead || /^(204|304)/.test(status));
    return { interim, status, headers, body, cut };
  }
}

async function readBody(
  reader: AnswerReader,
  headers: RawAnswer['headers'],
  isBodiless: boolean,
): Promise<{ body: Buffer; cut: boolean }> {
  const field = (name: string): string | undefined => headers.find(([each]) => each.toLowerCase() === name)?.[1];
  if (isBodiless) return { body: Buffer.alloc(0), cut: false };
  if (field('transfer-encoding') === 'chunked') return await readChunks(reader);
  const length = field('content-length');
  if (length === undefined) return { body: await reader.toEnd(), cut: false };
  const body = await reader.bytes(Number(length));
  return { body, cut: body.length < Number(length) };
}

async function readChunks(reader: AnswerReader): Promise<{ body: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  for (;;) {
    const line = await reader.upTo('\r\n');
    if (line === undefined) return { body: Buffer.concat(chunks), cut: true };
    const size = Number.parseInt(line, 16);
    const chunk = await reader.bytes(size);
    chunks.push(chunk);
    if (chunk.length < size) return { body: Buffer.concat(chunks), cut: true };
    await reader.upTo('\r\n');
    if (size === 0) return { body: Buffer.concat(chunks), cut: false };
  }
}

class AnswerReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(socket: Socket) {
    this.#chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  async head(): Promise<string | undefined> {
    return await this.upTo('\r\n\r\n');
  }

  /** Text in front of `mark`, which is taken away; undefined when the connection ends before. */
  async upTo(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#buffer.indexOf(mark, 0, 'latin1');
      if (at >= 0) return this.#take(at + mark.length).toString('latin1', 0, at);
      if (!(await this.#fill())) return undefined;
    }
  }

  /** Fewer when the connection ends before. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count && (await this.#fill()));
    return this.#take(Math.min(count, this.#buffer.length));
  }

  async toEnd(): Promise<Buffer> {
    while (await this.#fill());
    return this.rest();
  }

  rest(): Buffer {
    return this.#take(this.#buffer.length);
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    try {
      const next = await this.#chunks.next();
      if (next.done !== true) {
        this.#buffer = Buffer.concat([this.#buffer, next.value]);
        return true;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
    this.#ended = true;
    return false;
  }
}
