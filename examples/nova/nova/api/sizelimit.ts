import { bodyStream, type BodyStream, type Handler, HttpError, type SwiftRequest, textResponse } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';

const TEXT = 'Request is too large.\n';

/** Bodies of more than `max_request_body_size` bytes are refused, also those that do not tell their length. */
export class RequestBodySizeLimiter extends Middleware {
  readonly #limit: number;

  constructor(app: Handler, localConf: Readonly<Record<string, string>>) {
    super(app);
    this.#limit = Number(localConf['max_request_body_size'] ?? 114_688);
  }

  override processRequest(req: SwiftRequest): Result {
    if ((req.contentLength ?? 0) > this.#limit) return textResponse(413, TEXT);
    if (req.body !== null) req.body = limited(bodyStream(req.body), this.#limit);
    return undefined;
  }
}

async function* limited(body: BodyStream, limit: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of body) {
    read += chunk.length;
    if (read > limit) throw new HttpError(413, TEXT);
    yield chunk;
  }
}
