/** A pipeline behind an HTTP server. */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { placeOf } from '../common/conf-origin.ts';
import { ConfigError } from '../common/config-error.ts';
import { maxHeaderCount } from '../common/constraints.ts';
import type { Conf } from '../http/contract.ts';
import { HttpServer } from '../http/server.ts';
import { BindError } from './bind-error.ts';
import type { Pipeline } from './pipeline.ts';
import type { ServerOptions } from './server-options.ts';

const BIND_RETRY_MS = 100;

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
    ...tlsOptions(pipeline),
  });
}

function tlsOptions({ options, conf }: Pipeline): { tls?: { cert: Buffer; key: Buffer } } {
  if (options.cert_file === '') return {};
  const keyOption = options.key_file === '' ? 'cert_file' : 'key_file';
  const tls = { cert: readPem('cert_file', options, conf), key: readPem(keyOption, options, conf) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw pemFault(
      'cert_file',
      conf,
      `expected a certificate and its key in PEM form: ${(cause as Error).message}`,
      cause,
    );
  }
  return { tls };
}

function readPem(option: 'cert_file' | 'key_file', options: ServerOptions, conf: Conf): Buffer {
  try {
    return readFileSync(options[option]);
  } catch (cause) {
    throw pemFault(option, conf, `expected a file that can be read: ${(cause as Error).message}`, cause);
  }
}

function pemFault(option: string, conf: Conf, text: string, cause: unknown): ConfigError {
  return new ConfigError({ ...placeOf(conf, option, conf, conf), key: option, code: 'option-invalid', text, cause });
}

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
