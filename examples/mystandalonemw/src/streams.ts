import { createHash, type Hash } from 'node:crypto';
import { type BodyStream, bodyStream, type Host, type SwiftRequest, type SwiftResponse } from 'apus/middleware';

/** Stores the SHA-256 of an upload as its metadata. The sum is known only behind the last byte, hence a footer and no header. */
export function sumUpload(req: SwiftRequest): void {
  const hash = createHash('sha256');
  if (req.body !== null) req.body = summed(bodyStream(req.body), hash);
  const others = req.env.updateFooters;
  req.env.updateFooters = (footers) => {
    others?.(footers);
    footers.set('x-object-meta-sha256', hash.digest('hex'));
  };
}

async function* summed(chunks: BodyStream, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Counts a download as it passes, and logs it once the client has it or has gone. */
export function logDownload(res: SwiftResponse, req: SwiftRequest, host: Host): SwiftResponse {
  const begun = host.now();
  let passed = 0;
  return res
    .withBody(async function* (chunks) {
      for await (const chunk of chunks) {
        passed += chunk.length;
        yield chunk;
      }
    })
    .onSent(({ complete }) => {
      const outcome = complete ? 'sent' : 'broken off';
      req.log.info(`${req.path}: ${passed} bytes ${outcome} in ${(host.now() - begun).toFixed(3)} s`);
    });
}
