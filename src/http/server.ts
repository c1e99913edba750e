/** HTTP/1.1 server over node:net and node:tls. */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Logger } from '../common/host.ts';
import { duplicateDescriptor } from '../common/system-calls.ts';
import type { Handler } from './contract.ts';
import { DEFAULT_HEAD_LIMITS } from './head-parser.ts';
import type { SwiftRequest } from './request.ts';
import { type ConnectionOptions, ServerConnection } from './server-connection.ts';

export interface HttpServerOptions {
  handler: Handler;
  log: Logger;
  /** How long a client may stall inside a request's head or body (408), or take nothing of an answer. */
  clientTimeoutMs: number;
  /** How long a connection may idle between requests; then it is closed without a word. */
  keepAliveTimeoutMs: number;
  /** Bytes that a request line, with its CR LF, must stay below (414). */
  maxRequestLine: number;
  /** Bytes that a header line, with its CR LF, must stay below (400). */
  maxHeaderLine: number;
  /** Swift's max_header_count: one more than the headers a request may have (431). */
  maxHeaderCount: number;
  tls?: { cert: string | Buffer; key: string | Buffer } | undefined;
  /** Value of a Server header on every answer; Swift sends none. */
  serverHeader?: string | undefined;
  /** Connections served at a time (max_clients); as many again wait for their turn, more are closed. */
  maxConnections?: number | undefined;
  /** Told of what a handler threw that is no HttpError, and of what broke an answer's body. Default: an error in the log. */
  onHandlerError?: ((error: unknown, req: SwiftRequest | undefined) => void) | undefined;
}

/** An address, or a listening socket made elsewhere: an inherited descriptor or a net.Server that listens. */
export type ListenTarget =
  { host: string; port: number; backlog?: number | undefined } | { fd: number; backlog?: number | undefined } | Server;

/**
 * Node accepts one connection in each turn of the loop for one listener. The more clients are there, the longer a turn takes: of a thousand
 * that come at once the last would wait for minutes. So this many listen to the same socket.
 */
const LISTENERS = 16;

/** What Node's servers stand on. */
interface OnHandle {
  readonly _handle?: { readonly fd?: number } | null;
}

export class HttpServer {
  readonly #options: ConnectionOptions;
  readonly #server: Server;
  /** Accept from the same socket. */
  readonly #others: Server[] = [];
  readonly #makeServer: () => Server;
  readonly #maxConnections: number;
  readonly #connections = new Set<ServerConnection>();
  readonly #waiting: Socket[] = [];
  /** What TLS connections run on, from before the handshake until they end. */
  readonly #tlsSockets = new Set<Socket>();
  #activeRequests = 0;
  /** How long a drain lets a connection idle; undefined while the server accepts. */
  #drainIdleMs: number | undefined;
  #closed = false;
  readonly #emptied = Promise.withResolvers<void>();

  constructor(options: HttpServerOptions) {
    const { handler, log, clientTimeoutMs, keepAliveTimeoutMs, serverHeader, tls } = options;
    this.#options = {
      handler,
      log,
      clientTimeoutMs,
      keepAliveTimeoutMs,
      serverHeader,
      scheme: tls === undefined ? 'http' : 'https',
      limits: {
        maxStartLine: options.maxRequestLine,
        maxHeaderLine: options.maxHeaderLine,
        maxHeaderCount: options.maxHeaderCount,
        maxHeaderBytes: DEFAULT_HEAD_LIMITS.maxHeaderBytes,
      },
      onHandlerError: options.onHandlerError ?? ((error) => log.error('Error handling a request', error)),
      onActive: (connection, active) => {
        this.#activeRequests += active ? 1 : -1;
        if (!active && this.#waiting.length > 0) connection.finish(0);
      },
    };
    this.#maxConnections = options.maxConnections ?? Infinity;
    this.#makeServer = () => this.#acceptor(tls, clientTimeoutMs);
    this.#server = this.#makeServer();
  }

  /** Resolves once connections are accepted; rejects with the reason the address cannot be had. */
  async listen(target: ListenTarget): Promise<void> {
    await listening(this.#server, target);
    const { fd = -1 } = (this.#server as OnHandle)._handle ?? {};
    const backlog = 'backlog' in target ? target.backlog : undefined;
    for (let more = LISTENERS - 1; more > 0 && fd >= 0 && this.#server.listening; more--) {
      const server = this.#makeServer();
      this.#others.push(server);
      await listening(server, { fd: duplicateDescriptor(fd), backlog });
    }
    if (!this.#server.listening) this.stopAccepting();
  }

  /** The port listened on, 0 when it does not listen on one. */
  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** Requests whose answer is not done. */
  get activeRequests(): number {
    return this.#activeRequests;
  }

  /** Connections that are open, idle ones included. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes no new connections. Those that are open go on. */
  stopAccepting(): void {
    for (const server of [this.#server, ...this.#others]) if (server.listening) server.close();
  }

  /**
   * Stops accepting and lets what was accepted finish: requests in progress, and on a connection that idles one more request that
   * comes within `idleMs`; their answers close the connection. What is still there after `graceMs` is cut off. A second call
   * may shorten the first.
   */
  async drain(graceMs: number, idleMs = 0): Promise<void> {
    this.#drainIdleMs = Math.min(this.#drainIdleMs ?? Infinity, idleMs);
    this.stopAccepting();
    for (const connection of this.#connections) connection.finish(this.#drainIdleMs);
    this.#checkEmptied();
    const timer = setTimeout(() => void this.close(), graceMs);
    await this.#emptied.promise;
    clearTimeout(timer);
    await this.close();
  }

  /** Stops accepting and cuts off all connections. */
  close(): Promise<void> {
    this.#closed = true;
    this.stopAccepting();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    for (const socket of this.#tlsSockets) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
    this.#emptied.resolve();
    return Promise.resolve();
  }

  #acceptor(tls: HttpServerOptions['tls'], handshakeTimeout: number): Server {
    const { log } = this.#options;
    const socketOptions = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    let server: Server;
    if (tls === undefined) {
      server = createServer(socketOptions, (socket) => this.#accept(socket));
    } else {
      const { noDelay, allowHalfOpen } = socketOptions;
      server = createTlsServer({ ...tls, noDelay, allowHalfOpen, handshakeTimeout }, (socket) => this.#accept(socket));
      server.on('tlsClientError', (error) => log.debug(`TLS handshake failed: ${error.message}`));
      server.on('connection', (socket: Socket) => this.#trackTls(socket));
    }
    server.on('error', (error) => {
      if (server.listening) log.error('Error accepting connections', error);
    });
    return server;
  }

  #checkEmptied(): void {
    if (this.#drainIdleMs === undefined) return;
    if (this.#connections.size + this.#waiting.length + this.#tlsSockets.size === 0) this.#emptied.resolve();
  }

  /** A client that shakes hands while the server begins to drain was accepted, and gets its answer. */
  #trackTls(socket: Socket): void {
    this.#tlsSockets.add(socket);
    socket.once('close', () => {
      this.#tlsSockets.delete(socket);
      this.#checkEmptied();
    });
  }

  #accept(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
    } else if (this.#connections.size < this.#maxConnections) {
      this.#start(socket);
    } else if (this.#waiting.length < this.#maxConnections) {
      // The oldest connection that idles makes room, else the next one whose request is done.
      this.#waiting.push(socket);
      socket.on('error', () => socket.destroy());
      for (const connection of this.#connections) {
        if (connection.spare) {
          connection.finish(0);
          break;
        }
      }
    } else {
      socket.destroy();
    }
  }

  #start(socket: Socket): void {
    const connection = new ServerConnection(socket, this.#options);
    this.#connections.add(connection);
    if (this.#drainIdleMs !== undefined) connection.finish(this.#drainIdleMs);
    socket.resume();
    void connection.run().then(() => {
      this.#connections.delete(connection);
      this.#startNext();
      this.#checkEmptied();
    });
  }

  #startNext(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.destroyed) continue;
      this.#start(next);
      return;
    }
  }
}

/** Rejects with the reason the address cannot be had. */
function listening(server: Server, target: ListenTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(target, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
