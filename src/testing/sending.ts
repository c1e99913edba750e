/** What a server does with an answer. */

import { bodyStream } from '../http/body.ts';
import type { SwiftResponse } from '../http/response.ts';

export interface SendOptions {
  /** Told to the listeners of `onSent`; seconds since 1970. */
  firstByteTime?: number;
}

/** Sends the answer: reads the body to its end and tells the listeners of `onSent`. Throws what broke the body. */
export async function bytes(res: SwiftResponse, options?: SendOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await send(res, (chunk) => chunks.push(chunk), options);
  return Buffer.concat(chunks);
}

/** As `bytes`, the body as UTF-8. */
export async function text(res: SwiftResponse, options?: SendOptions): Promise<string> {
  return (await bytes(res, options)).toString('utf8');
}

/** As `bytes`, keeping nothing of the body; returns its length. */
export async function drain(res: SwiftResponse, options?: SendOptions): Promise<number> {
  return send(res, () => undefined, options);
}

/** The client goes away after `chunks` chunks of the body: the answer is closed and its listeners are told that it was lost. */
export async function abandon(res: SwiftResponse, chunks = 0): Promise<void> {
  const body = bodyStream(res.body);
  let bodyBytes = 0;
  for (let at = 0; at < chunks; at++) bodyBytes += (await body.read())?.length ?? 0;
  await body.close();
  await res.close();
  tell(res, bodyBytes, false, undefined);
}

async function send(
  res: SwiftResponse,
  take: (chunk: Uint8Array) => void,
  options: SendOptions | undefined,
): Promise<number> {
  const body = bodyStream(res.body);
  let bodyBytes = 0;
  let complete = false;
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
      bodyBytes += chunk.length;
      take(chunk);
    }
    complete = true;
  } finally {
    await body.close();
    if (!complete) await res.close();
    tell(res, bodyBytes, complete, options);
  }
  return bodyBytes;
}

function tell(res: SwiftResponse, bodyBytes: number, complete: boolean, options: SendOptions | undefined): void {
  const begun = bodyBytes > 0 || complete;
  const firstByteTime = begun ? (options?.firstByteTime ?? Date.now() / 1000) : undefined;
  res.sent({ status: res.status, bodyBytes, firstByteTime, complete });
}
