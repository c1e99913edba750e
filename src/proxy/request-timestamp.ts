import { Timestamp } from '../common/timestamp.ts';
import type { SwiftRequest } from '../http/request.ts';
import { HttpError } from '../http/response.ts';
import type { ProxyContext } from './proxy-context.ts';

/**
 * Gives a write its X-Timestamp, once: now, unless the client (the reconciler, container sync) sent one. Returns it. Throws
 * HttpError 400 for one that is no timestamp.
 */
export function ensureTimestamp(context: ProxyContext, req: SwiftRequest): Timestamp {
  const given = req.headers.get('x-timestamp');
  if (given === undefined) {
    const now = context.now();
    req.headers.set('x-timestamp', now.internal);
    return now;
  }
  const timestamp = Timestamp.tryParse(given);
  if (timestamp === undefined) {
    throw new HttpError(400, `X-Timestamp should be a UNIX timestamp float value; was '${given}'`);
  }
  req.headers.set('x-timestamp', timestamp.internal);
  return timestamp;
}
