/** The way to storage nodes that a server takes. */

import type { Host } from '../common/host.ts';
import { SocketTransport } from './socket-transport.ts';
import { BACKEND_TRANSPORT, type BackendTransport } from './transport.ts';

/** That of the process, or sockets of the pipeline's own, which close with it. */
export function backendTransportOf(host: Host): BackendTransport {
  const given = host.service(BACKEND_TRANSPORT);
  if (given !== undefined) return given;
  const own = new SocketTransport();
  host.onClose(() => own.close());
  return own;
}
