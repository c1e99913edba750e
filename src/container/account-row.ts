/** One container row sent to one account server. */

import type { BackendTransport } from '../backend/transport.ts';
import { readAll } from '../http/body.ts';
import { Headers } from '../http/headers.ts';

export interface AccountRowRequest {
  readonly ip: string;
  readonly port: number;
  /** `/device/partition/account/container`, percent-encoded. */
  readonly target: string;
  /** Copied: the transport may add its own. */
  readonly headers: Headers;
  readonly connectTimeoutMs: number;
  readonly nodeTimeoutMs: number;
}

/** The answers of an account server are short pages. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Sends the row and reads the whole answer. Throws BackendError when there is none. */
export async function sendAccountRow(
  transport: BackendTransport,
  request: AccountRowRequest,
): Promise<{ status: number; reason: string }> {
  const { ip, port, target, connectTimeoutMs, nodeTimeoutMs } = request;
  const headers = new Headers(request.headers);
  const exchange = await transport.open({ ip, port, method: 'PUT', target, headers, body: 'none', connectTimeoutMs });
  try {
    let head = await exchange.head(nodeTimeoutMs);
    while (head.status < 200) head = await exchange.head(nodeTimeoutMs);
    await readAll(exchange.body(nodeTimeoutMs), MAX_ANSWER_BYTES);
    return { status: head.status, reason: head.reason };
  } finally {
    exchange.close();
  }
}
