/** One row of a container, told to one container server. Used by the object server and by the updater. */

import { BackendError, type BackendExchange, type BackendTransport } from '../backend/transport.ts';
import { quote } from '../common/text.ts';
import { readAll } from '../http/body.ts';
import { Headers } from '../http/headers.ts';
import type { AsyncUpdate } from './storage.ts';

export interface ContainerTarget {
  readonly ip: string;
  readonly port: number;
  readonly device: string;
  readonly partition: string | number;
}

export interface DeliveryTimeouts {
  readonly connectTimeoutMs: number;
  readonly nodeTimeoutMs: number;
}

export interface DeliveryAnswer {
  readonly status: number;
  readonly headers: Headers;
}

/** More than any container server says to a row. */
const LONGEST_ANSWER_BYTES = 1 << 20;

/** Sends a row and reads the answer. `extraHeaders` are set over the update's own. Throws BackendError. */
export async function deliverRow(
  transport: BackendTransport,
  target: ContainerTarget,
  update: AsyncUpdate,
  extraHeaders: readonly (readonly [string, string])[],
  timeouts: DeliveryTimeouts,
): Promise<DeliveryAnswer> {
  const headers = new Headers();
  headers.set('host', `${target.ip.includes(':') ? `[${target.ip}]` : target.ip}:${target.port}`);
  headers.set('accept-encoding', 'identity');
  for (const [name, value] of update.headers) headers.set(name, value);
  for (const [name, value] of extraHeaders) headers.set(name, value);
  const container = update.containerPath ?? `${update.account}/${update.container}`;
  const exchange = await transport.open({
    ip: target.ip,
    port: target.port,
    method: update.op,
    target: quote(`/${target.device}/${target.partition}/${container}/${update.obj}`),
    headers,
    body: 'none',
    connectTimeoutMs: timeouts.connectTimeoutMs,
  });
  return finalAnswer(exchange, timeouts.nodeTimeoutMs);
}

async function finalAnswer(exchange: BackendExchange, timeoutMs: number): Promise<DeliveryAnswer> {
  try {
    let head = await exchange.head(timeoutMs);
    while (head.status === 100) head = await exchange.head(timeoutMs);
    await readAll(exchange.body(timeoutMs), LONGEST_ANSWER_BYTES);
    return { status: head.status, headers: head.headers };
  } finally {
    exchange.close();
  }
}

/** `10.0.0.1:6201` or `[::1]:6201` apart; undefined when there is no port. */
export function parseHostPort(text: string): { ip: string; port: number } | undefined {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port <= 0 || port > 65535) return undefined;
  return { ip: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}

/** A short reason for a log line. */
export function faultText(error: unknown): string {
  return error instanceof BackendError ? `${error.fault}: ${error.message}` : String(error);
}
