/** What of an object is sent: all of it, parts of it, or nothing because a condition says so. */

import { type Body, type BodyStream, bodyStream, iterateBody } from '../http/body.ts';
import { conditionalResponse, unquotedEtag } from '../http/conditional.ts';
import { etagThatIsAt, isRangeIgnored } from '../http/etag-is-at.ts';
import { type Headers, titleName } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import type { Metadata, OpenedObject } from './storage.ts';

/** Takes over `opened`: it is closed with the answer's body. `headers` are those of the whole object. */
export function answerBody(req: SwiftRequest, opened: OpenedObject, headers: Headers): SwiftResponse {
  const { metadata, contentLength } = opened;
  if (req.headers.has('range') && isRangeIgnored(req.headers, (name) => metadata.has(titleName(name)))) {
    req.headers.delete('range');
  }
  const entity = {
    etag: conditionEtag(req.headers, metadata),
    lastModified: opened.timestamp,
    contentLength,
    contentType: headers.get('content-type') as string,
  };
  const answer = conditionalResponse(req, entity, headers);
  if (req.method === 'HEAD') return withoutObject(opened, answer.status, headers);
  switch (answer.kind) {
    case 'none':
      return withoutObject(opened, answer.status, headers);
    case 'unsatisfiable':
      return withoutObject(opened, 416, headers, answer.page);
    case 'whole':
      return new SwiftResponse(200, headers, ownedBody(opened, opened.body()));
    case 'range':
      return new SwiftResponse(206, headers, ownedBody(opened, opened.body(answer.range.start, answer.range.end)));
    case 'ranges':
      return new SwiftResponse(
        206,
        headers,
        new ObjectBody(
          opened,
          answer.parts.body((range) => opened.body(range.start, range.end)),
        ),
      );
  }
}

function withoutObject(
  opened: OpenedObject,
  status: number,
  headers: Headers,
  page: Buffer | null = null,
): SwiftResponse {
  opened.close();
  return new SwiftResponse(status, headers, page);
}

/** The ETag that conditions are held against: one that X-Backend-Etag-Is-At finds, else the object's own. */
function conditionEtag(headers: Headers, metadata: Metadata): string {
  const etag = etagThatIsAt(headers, (name) => metadata.get(titleName(name)));
  return etag === undefined ? (metadata.get('ETag') ?? '') : unquotedEtag(etag);
}

/** A body that closes the object with it; with bytes at hand nothing is left to close. */
function ownedBody(opened: OpenedObject, body: Body): Body {
  if (body !== null && !(body instanceof Uint8Array)) return new ObjectBody(opened, bodyStream(body));
  opened.close();
  return body;
}

/** Closes the object at the end of its body or when the body is dropped. */
class ObjectBody implements BodyStream {
  readonly #opened: OpenedObject;
  readonly #body: BodyStream;

  constructor(opened: OpenedObject, body: BodyStream) {
    this.#opened = opened;
    this.#body = body;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const chunk = this.#body.read();
    if (chunk instanceof Promise) return this.#whenRead(chunk);
    if (chunk === null) this.#opened.close();
    return chunk;
  }

  async pass(take: (chunk: Uint8Array) => boolean, isFree?: boolean): Promise<void> {
    await this.#body.pass?.(take, isFree);
  }

  async #whenRead(next: Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    const chunk = await next;
    if (chunk === null) this.#opened.close();
    return chunk;
  }

  async close(): Promise<void> {
    try {
      await this.#body.close();
    } finally {
      this.#opened.close();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}
