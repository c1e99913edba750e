import { type Body, type BodyStream, bodyStream, iterateBody } from '../http/body.ts';
import { ClientDisconnect } from '../http/errors.ts';
import { type HeaderInit, Headers } from '../http/headers.ts';
import { SwiftRequest } from '../http/request.ts';
import { FakeLog } from './fake-log.ts';
import { type FakeBody, toBody } from './fake-swift.ts';

/** The connection that a request under test came by. */
class FakeConnection {
  readonly continues: Headers[] = [];
  readonly #gone = new AbortController();

  sendContinue(headers?: Headers): void {
    this.continues.push(new Headers(headers));
  }

  signal(): AbortSignal {
    return this.#gone.signal;
  }

  disconnect(): void {
    this.#gone.abort();
  }
}

/** A request as the server makes it of what a client sends. */
export class TestRequest extends SwiftRequest {
  declare log: FakeLog;
  readonly #connection: FakeConnection;

  constructor(method: string, target: string, headers: Headers, body: Body, connection: FakeConnection) {
    super({
      method,
      target,
      headers,
      body,
      connection,
      log: new FakeLog(),
      remoteAddress: '127.0.0.1',
      remotePort: 50_000,
    });
    this.#connection = connection;
  }

  /** Headers of each 100 Continue that was sent, in order. */
  get continues(): readonly Headers[] {
    return this.#connection.continues;
  }

  /** The client goes away: the signal aborts, and reading the rest of the body throws ClientDisconnect. */
  disconnect(): void {
    this.#connection.disconnect();
  }
}

/**
 * A request. A body of text or bytes gets its Content-Length, any other is chunked; with `Expect: 100-continue` the first read of it
 * is recorded in `continues`.
 */
export function request(method: string, target: string, headers: HeaderInit = {}, body: FakeBody = null): TestRequest {
  const all = new Headers(headers);
  all.setDefault('host', 'localhost');
  const content = toBody(body);
  const connection = new FakeConnection();
  if (content instanceof Uint8Array) all.setDefault('content-length', content.length);
  else if (content !== null && !all.has('content-length')) all.setDefault('transfer-encoding', 'chunked');
  const expects = all.get('expect')?.toLowerCase() === '100-continue';
  const incoming = content === null ? null : new ReceivedBody(content, connection, expects);
  return new TestRequest(method, target, all, incoming, connection);
}

/** A body as it comes from a client. */
class ReceivedBody implements BodyStream {
  readonly #source: BodyStream;
  readonly #connection: FakeConnection;
  #awaitsContinue: boolean;

  constructor(source: Body, connection: FakeConnection, awaitsContinue: boolean) {
    this.#source = bodyStream(source);
    this.#connection = connection;
    this.#awaitsContinue = awaitsContinue;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#awaitsContinue && this.#connection.continues.length === 0) this.#connection.sendContinue();
    this.#awaitsContinue = false;
    if (this.#connection.signal().aborted) throw new ClientDisconnect();
    return this.#source.read();
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}
