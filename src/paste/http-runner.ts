/** `egg:Paste#http`: serves an app by HTTP until its host is closed. Source: spec paste-deploy 9. */

import { readConf } from '../common/conf-spec.ts';
import { DEFAULT_CONSTRAINTS, maxHeaderCount } from '../common/constraints.ts';
import type { Host, Logger } from '../common/host.ts';
import type { Handler, ServerRunner } from '../http/contract.ts';
import { HttpServer } from '../http/server.ts';

export const confSpec = {
  host: { type: 'text', default: '127.0.0.1', doc: 'Address to listen on.' },
  port: { type: 'integer', default: 8080, min: 0, max: 65535, doc: 'Port to listen on; 0 takes any that is free.' },
  workers: { type: 'integer', default: 0, min: 0, doc: 'Worker processes; 0 serves in the one that was started.' },
  client_timeout: { type: 'seconds', default: 60, doc: 'How long a client may stall within a request.' },
} as const;

/** Requests in flight get this long when the host is closed. */
const CLOSE_GRACE_MS = 5_000;

/** An HTTP server for an app that is not Swift's own. Not listening yet. */
export function makeAppServer(handler: Handler, log: Logger, clientTimeoutSec: number): HttpServer {
  return new HttpServer({
    handler,
    log,
    clientTimeoutMs: clientTimeoutSec * 1000,
    keepAliveTimeoutMs: clientTimeoutSec * 1000,
    maxRequestLine: DEFAULT_CONSTRAINTS.max_request_line,
    maxHeaderLine: DEFAULT_CONSTRAINTS.max_header_size,
    maxHeaderCount: maxHeaderCount(DEFAULT_CONSTRAINTS),
  });
}

/** Resolves once the server is closed, which the host's end does. Workers are the business of who starts processes. */
export const serverRunner: ServerRunner = async (app: Handler, globalConf, localConf, host: Host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const server = makeAppServer(app, host.log, conf.client_timeout);
  const { promise, resolve } = Promise.withResolvers<void>();
  await server.listen({ host: conf.host, port: conf.port });
  host.onClose(async () => {
    await server.drain(CLOSE_GRACE_MS);
    resolve();
  });
  await promise;
};
