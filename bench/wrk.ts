/** Loads a server with wrk. */

import { join } from 'node:path';
import { outputOf, startChild } from './children.ts';
import type { Load } from './load.ts';

const SCRIPT = join(import.meta.dirname, 'wrk.lua');
/** Ends when it is told to; this is for the case that it is not. */
const LONGEST_SEC = 120;

export interface WrkRequest {
  port: number;
  method: 'GET' | 'PUT';
  path: string;
  token: string;
  /** Of a PUT. */
  bodyBytes: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const ANSWERED = /^answered (\d+) in ([\d.]+)$/m;

/** From what wrk and its script printed. Throws when that is no report, or not all requests were answered. */
export function readWrkReport(text: string): Load {
  const [, requests, seconds] = ANSWERED.exec(text) ?? [];
  if (requests === undefined) throw new Error(`wrk got no answer to some requests: ${text}`);
  const latencyMs = (percent: number): number => {
    const [, value, unit = ''] = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)([a-z]+)\\s*$`, 'm').exec(text) ?? [];
    return Number(value) * (UNIT_MS[unit] ?? NaN);
  };
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  return {
    requests: Number(requests),
    requestsPerSec: Number(requests) / Number(seconds),
    p50Ms: latencyMs(50),
    p99Ms: latencyMs(99),
    refused: Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
    socketErrors: errors.reduce((sum, count) => sum + Number(count), 0),
  };
}

let runs = 0;

/** Sends for `seconds`, then waits for the answers to what is under way. */
export async function runWrk(request: WrkRequest, clients: number, seconds: number): Promise<Load> {
  const { port, method, path, token, bodyBytes } = request;
  const name = `${process.pid}-${runs++}-`;
  const child = startChild('wrk', [
    ...['-t1', `-c${clients}`, `-d${LONGEST_SEC}s`, '--timeout', `${LONGEST_SEC}s`, '--latency', '-s', SCRIPT],
    ...[`http://127.0.0.1:${port}`, '--', method, path, token, String(seconds), String(bodyBytes), name],
  ]);
  let printed = '';
  child.stdout?.on('data', (data: Buffer) => {
    printed += data.toString();
    if (ANSWERED.test(printed)) child.kill('SIGINT');
  });
  return readWrkReport(await outputOf(child));
}
