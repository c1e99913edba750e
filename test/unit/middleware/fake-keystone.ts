/** A Keystone that knows what the test tells it, on a free port of the loopback; it keeps what it was asked. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenInfo {
  expires: number;
  roles?: string[];
  more?: Record<string, unknown>;
}

export class FakeKeystone {
  /** `METHOD path?query`, in order. */
  readonly calls: string[] = [];
  readonly bodies: unknown[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  /** By the token itself. */
  readonly tokens: Map<string, TokenInfo> = new Map();
  /** Seconds since 1970 at which the service's own tokens end. */
  ownExpires = 4_000_000_000;
  /** Tokens of the service that count. */
  readonly own: Set<string> = new Set();
  /** Endpoints of the identity service; default: version 3 here, internal. */
  endpoints: Record<string, string>[] | undefined;
  /** Answers to come in place of its own: a status, or a connection broken off. */
  readonly faults: (number | 'break')[] = [];
  /** True: questions wait for `release`. */
  isHolding = false;
  /** Most questions that ever waited together. */
  mostHeld = 0;
  readonly #held: (() => void)[] = [];
  readonly #server: Server;
  #logins = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeKeystone> {
    const server = createServer();
    const keystone = new FakeKeystone(server);
    server.on('request', (req, res) => void keystone.#answer(req, res));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return keystone;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many questions wait. */
  get held(): number {
    return this.#held.length;
  }

  /** Answers those that wait and all that come. */
  release(): void {
    this.isHolding = false;
    for (const goOn of this.#held.splice(0)) goOn();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    if (this.isHolding)
      await new Promise<void>((resolve) => (this.mostHeld = Math.max(this.mostHeld, this.#held.push(resolve))));
    this.calls.push(`${req.method} ${req.url}`);
    this.headers.push(req.headers);
    if (chunks.length > 0) this.bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as unknown);
    const fault = this.faults.shift();
    if (fault === 'break') req.socket.destroy();
    else if (fault !== undefined) send(res, fault, { error: { message: 'as told' } });
    else if (req.url === '/' || req.url === '/identity/') this.#versions(req, res);
    else if (req.method === 'POST') this.#login(res);
    else this.#validate(req, res);
  }

  #versions(req: IncomingMessage, res: ServerResponse): void {
    const href = `${this.url}${req.url}v3/`;
    const values = [
      { id: 'v2.0', links: [{ rel: 'self', href: `${this.url}/v2.0/` }] },
      { id: 'v3.14', links: [{ rel: 'self', href }] },
    ];
    send(res, 300, { versions: { values } });
  }

  #login(res: ServerResponse): void {
    const token = `own${++this.#logins}`;
    this.own.add(token);
    const internal = { interface: 'internal', region_id: 'One', region: 'One', url: `${this.url}/v3` };
    const catalog = [
      { type: 'object-store', endpoints: [{ interface: 'internal', url: 'http://swift' }] },
      { type: 'identity', endpoints: this.endpoints ?? [internal] },
    ];
    send(res, 201, this.#body({ expires: this.ownExpires, more: { catalog } }), { 'x-subject-token': token });
  }

  #validate(req: IncomingMessage, res: ServerResponse): void {
    const token = this.tokens.get(String(req.headers['x-subject-token']));
    if (!this.own.has(String(req.headers['x-auth-token']))) send(res, 401, { error: { message: 'who are you' } });
    else if (token === undefined) send(res, 404, { error: { message: 'no such token' } });
    else send(res, 200, this.#body(token));
  }

  #body({ expires, roles = ['member'], more = {} }: TokenInfo): object {
    const domain = { id: 'default', name: 'Default' };
    return {
      token: {
        expires_at: new Date(expires * 1000).toISOString().replace('Z', '000Z'),
        roles: roles.map((name) => ({ id: `id of ${name}`, name })),
        user: { id: 'u1', name: 'ผู้ใช้', domain },
        project: { id: 'p1', name: 'test', domain },
        ...more,
      },
    };
  }
}

function send(res: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
