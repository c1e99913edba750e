/** GET and HEAD of an object of a replication policy. Source: spec swift-formats 6.7. */

import type { BackendHead } from '../backend/transport.ts';
import { isTrueValue } from '../common/text.ts';
import { type BodyStream, iterateBody, readAll } from '../http/body.ts';
import { Headers } from '../http/headers.ts';
import { type ByteRange, parseContentRange, rangeHeader, requestedRanges } from '../http/range.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, SwiftResponse } from '../http/response.ts';
import { bestResponse, copyBackendHeaders } from './best-response.ts';
import { answersRanges, MultiRangeBody, multipartBoundary } from './multi-range-body.ts';
import type { ProxyContext } from './proxy-context.ts';
import { NodeReader, type ReadRequest, type ReadSource } from './read-node.ts';
import { type ObjectSource, PlainObjectBody, type Resume } from './resumable-body.ts';

/** Asks node after node for the object. The answer's body, if it has one, must be read to its end or closed. */
export async function readObject(
  context: ProxyContext,
  req: SwiftRequest,
  request: ReadRequest,
): Promise<SwiftResponse> {
  const reader = new NodeReader(context, req, request);
  const source = await reader.find();
  if (source === undefined) return bestResponse(reader.answers);
  const { head } = source;
  const headers = new Headers();
  copyBackendHeaders(headers, head.headers);
  headers.set('content-type', head.headers.get('content-type') ?? 'text/html; charset=UTF-8');
  headers.set('accept-ranges', 'bytes');
  const length = head.headers.get('content-length');
  if (length !== undefined) headers.set('content-length', length);
  if (req.method !== 'HEAD' && (head.status === 200 || head.status === 206)) {
    const body = objectBody(new ObjectRead(context, req, request, reader, source), source);
    return new SwiftResponse(head.status, headers, body, head.reason);
  }
  return withoutData(req, source, headers);
}

/** An answer that has no bytes of the object: HEAD, 304, 416. */
async function withoutData(req: SwiftRequest, source: ReadSource, headers: Headers): Promise<SwiftResponse> {
  const { head, exchange, body } = source;
  // Read, so that the connection may serve again; nothing in it is for the client.
  await readAll(body).catch(() => undefined);
  exchange.close();
  if (req.method === 'HEAD') return new SwiftResponse(head.status, headers, null, head.reason);
  const page = errorResponse(head.status, headers);
  page.reason = head.reason;
  return page;
}

/** What a read in progress needs to be carried on. */
class ObjectRead {
  readonly #context: ProxyContext;
  readonly #req: SwiftRequest;
  readonly #request: ReadRequest;
  readonly #reader: NodeReader;
  readonly #etag: string;
  #current: ReadSource;

  constructor(context: ProxyContext, req: SwiftRequest, request: ReadRequest, reader: NodeReader, first: ReadSource) {
    this.#context = context;
    this.#req = req;
    this.#request = request;
    this.#reader = reader;
    this.#etag = plainEtag(first.head);
    this.#current = first;
  }

  get rangeHeader(): string | undefined {
    return this.#req.headers.get('range');
  }

  open(source: ReadSource): ObjectSource {
    const { head, exchange, body } = source;
    this.#current = source;
    return {
      head,
      body,
      close: () => {
        exchange.close();
      },
    };
  }

  /** How to carry on a body of an entity of `totalBytes`. */
  resumer(totalBytes: number): Resume {
    return (ranges, cause) => {
      return this.#next(this.#rangeHeaders(ranges), cause, (head) => answersRanges(head, ranges, totalBytes));
    };
  }

  /** How to read on where nothing broke. */
  continuer(totalBytes: number): (ranges: readonly ByteRange[]) => Promise<ObjectSource | undefined> {
    return async (ranges) => {
      const headers = this.#rangeHeaders(ranges);
      const accept = (head: BackendHead): boolean => answersRanges(head, ranges, totalBytes);
      const source = await this.#reader.ask(this.#current.node, headers);
      return this.#accepted(source, accept) ?? (await this.#search(headers, accept));
    };
  }

  #rangeHeaders(ranges: readonly ByteRange[]): Headers {
    const headers = new Headers(this.#request.headers);
    headers.set('range', rangeHeader(ranges));
    // The first answer settled whether ranges count.
    headers.delete('x-backend-ignore-range-if-metadata-present');
    return headers;
  }

  /** Asks another node for all of it: for an answer with several ranges of which nothing was sent yet. */
  restart(cause: unknown): Promise<ObjectSource | undefined> {
    return this.#next(this.#request.headers, cause, (head) => multipartBoundary(head) !== undefined);
  }

  /** The next node that has the same object and answers as `accept` wants. */
  async #next(
    headers: Headers,
    cause: unknown,
    accept: (head: BackendHead) => boolean,
  ): Promise<ObjectSource | undefined> {
    if (this.#req.signal.aborted) return undefined;
    const doing = 'Trying to read object during GET (retrying)';
    this.#context.nodeFailed(this.#current.node, 'Object', doing, cause, this.#req.log);
    // With X-Newest the other nodes may hold older versions; they were all asked.
    if (this.#etag === '' || isTrueValue(this.#req.headers.get('x-newest'))) return undefined;
    return await this.#search(headers, accept);
  }

  async #search(headers: Headers, accept: (head: BackendHead) => boolean): Promise<ObjectSource | undefined> {
    for (;;) {
      const source = await this.#reader.find(headers);
      if (source === undefined) return undefined;
      const accepted = this.#accepted(source, accept);
      if (accepted !== undefined) return accepted;
    }
  }

  /** The source if it is of the same object and answers as wanted; else it is closed. */
  #accepted(source: ReadSource | undefined, accept: (head: BackendHead) => boolean): ObjectSource | undefined {
    if (source === undefined) return undefined;
    if (plainEtag(source.head) === this.#etag && accept(source.head)) return this.open(source);
    source.exchange.close();
    return undefined;
  }
}

function objectBody(read: ObjectRead, source: ReadSource): BodyStream {
  const { head } = source;
  const boundary = head.status === 206 ? multipartBoundary(head) : undefined;
  if (boundary !== undefined) {
    return new MultiRangeBody(read.open(source), boundary, {
      ranges: (totalBytes) => requestedRanges(read.rangeHeader, totalBytes),
      resumer: (totalBytes) => read.resumer(totalBytes),
      continuer: (totalBytes) => read.continuer(totalBytes),
      restart: (cause) => read.restart(cause),
    });
  }
  const lengthText = head.headers.get('content-length');
  const length = lengthText === undefined ? NaN : Number(lengthText);
  const span = head.status === 206 ? parseContentRange(head.headers.get('content-range')) : undefined;
  const range = span ?? { start: 0, end: length, totalBytes: length };
  // Without a known span there is nothing to carry on from: the bytes pass as they come.
  if (!(range.end - range.start === length)) return new UncountedBody(read.open(source));
  return new PlainObjectBody(read.open(source), range, read.resumer(range.totalBytes));
}

/** A body that cannot be carried on. */
class UncountedBody implements BodyStream {
  readonly #source: ObjectSource;

  constructor(source: ObjectSource) {
    this.#source = source;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    return this.#source.body.read();
  }

  async close(): Promise<void> {
    await this.#source.body.close();
    this.#source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

function plainEtag(head: BackendHead): string {
  return (head.headers.get('etag') ?? '').replaceAll('"', '');
}
