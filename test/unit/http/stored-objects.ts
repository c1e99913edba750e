/** Objects that a fake app serves as object servers do: with ETag, Content-Length, ranges and several of them. */

import { createHash } from 'node:crypto';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { conditionalResponse, type SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';
import type { FakeAnswer } from '../../../src/testing.ts';

export function md5(content: string | Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

/** Pieces of a body, so that it takes several reads. */
export async function* inPieces(content: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) {
    await Promise.resolve();
    yield content.subarray(at, at + pieceBytes);
  }
}

/** Answers GET as for an object of this content. */
export function stored(content: Uint8Array, pieceBytes: number = 7, contentType: string = 'text/x'): FakeAnswer {
  return (req: SwiftRequest): SwiftResponse => {
    const res = new SwiftResponse(200, { etag: `"${md5(content)}"`, 'content-type': contentType });
    const entity = {
      etag: md5(content),
      lastModified: Timestamp.fromSeconds(1_700_000_000),
      contentLength: content.length,
      contentType,
    };
    const answer = conditionalResponse(req, entity, res.headers);
    res.status = answer.status;
    if (answer.kind === 'whole') res.body = inPieces(content, pieceBytes);
    if (answer.kind === 'range') {
      res.body = inPieces(content.subarray(answer.range.start, answer.range.end), pieceBytes);
    }
    if (answer.kind === 'unsatisfiable') res.body = answer.page;
    if (answer.kind === 'ranges') {
      res.body = answer.parts.body(({ start, end }) => inPieces(content.subarray(start, end), pieceBytes));
    }
    return res;
  };
}
