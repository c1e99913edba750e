import { type BodyStream, bodyStream, HttpError, type SwiftRequest } from 'apus/middleware';

/** Throws the refusal of an upload that can be judged by its head. The app is never reached, and the body is never asked for. */
export function refuse(req: SwiftRequest, extensions: readonly string[], maxBytes: number): void {
  const name = req.path.toLowerCase();
  const extension = extensions.find((each) => name.endsWith(each.toLowerCase()));
  if (extension !== undefined) throw new HttpError(403, `Files of type ${extension} are not stored here.\n`);
  if ((req.contentLength ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

/** A chunked upload does not tell its length: it is cut off where it grows too large, and nothing of it is stored. */
export function limitBody(req: SwiftRequest, maxBytes: number): void {
  if (req.contentLength === null && req.body !== null) req.body = limited(bodyStream(req.body), maxBytes);
}

async function* limited(chunks: BodyStream, maxBytes: number): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `No more than ${maxBytes} bytes are stored here.\n`);
}
