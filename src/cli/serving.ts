/** One serving process: a pipeline behind an HTTP server, with Swift's ways to begin and to end. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { maxHeaderCount } from '../common/constraints.ts';
import type { Pipeline, ServerOptions } from '../compose/pipeline.ts';
import { HttpServer } from '../http/server.ts';

/** Requests in flight get this long once the process was told to end. */
const STOP_GRACE_MS = 5_000;
/** A drain waits as long as Swift's does: until the last client is served. */
const DRAIN_GRACE_MS = 24 * 3600 * 1000;
const BIND_RETRY_MS = 100;

/** Number of workers that `workers` asks for; 0 serves in the parent. Throws RangeError with what was expected. */
export function workerCount(text: string): number {
  if (text.toLowerCase() === 'auto') return availableParallelism();
  if (!/^\d+$/.test(text)) throw new RangeError(`workers = ${text}: expected a number or auto`);
  return Number(text);
}

/** An HTTP server around a pipeline. Not listening yet. */
export function makeHttpServer(pipeline: Pipeline): HttpServer {
  const { options, host, log } = pipeline;
  const { constraints } = host;
  const clientTimeoutMs = options.client_timeout * 1000;
  return new HttpServer({
    handler: pipeline.handler,
    log,
    clientTimeoutMs,
    keepAliveTimeoutMs: options.keepalive_timeout === undefined ? clientTimeoutMs : options.keepalive_timeout * 1000,
    maxRequestLine: constraints.max_request_line,
    maxHeaderLine: constraints.max_header_size,
    maxHeaderCount: maxHeaderCount(constraints),
    maxConnections: options.max_clients,
    ...tlsOptions(options),
  });
}

function tlsOptions(options: ServerOptions): { tls?: { cert: Buffer; key: Buffer } } {
  if (options.cert_file === '') return {};
  const keyFile = options.key_file === '' ? options.cert_file : options.key_file;
  return { tls: { cert: readFileSync(options.cert_file), key: readFileSync(keyFile) } };
}

export class BindError extends Error {}

/** Listens, trying again while the port is taken, for `bind_timeout`. Throws BindError. */
export async function listen(
  server: HttpServer,
  options: ServerOptions,
  port: number = options.bind_port,
): Promise<void> {
  const { bind_ip: host, bind_timeout: timeoutSeconds, backlog } = options;
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    try {
      return await server.listen({ host, port, backlog });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE') throw new BindError(`cannot listen on ${host}:${port}: ${code ?? String(error)}`);
      if (Date.now() >= deadline) {
        throw new BindError(
          `Could not bind to ${host}:${port} after trying for ${timeoutSeconds} seconds: the port is in use`,
        );
      }
      await sleep(BIND_RETRY_MS);
    }
  }
}

/** Becomes `user` when the process runs as root. Throws when there is no such user. */
export function dropPrivileges(user: string): void {
  if (process.geteuid?.() !== 0 || user === 'root') return;
  // Node's types leave this one out.
  (process as { initgroups?: (user: string, group: string) => void }).initgroups?.(user, user);
  process.setgid?.(user);
  process.setuid?.(user);
  process.umask(0o22);
}

/** Ends serving: `stop` within a bounded moment, `drain` once the last request is answered; then takes the pipeline down. */
export async function endServing(
  server: HttpServer,
  pipeline: { close(): Promise<void> },
  how: 'stop' | 'drain',
): Promise<void> {
  await server.drain(how === 'stop' ? STOP_GRACE_MS : DRAIN_GRACE_MS);
  await pipeline.close();
}
