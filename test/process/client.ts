/** A client of the cluster: undici where it can, plain sockets where every byte matters. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Pool } from 'undici';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type RequestHeaders = Readonly<Record<string, string>>;
export type RequestBody = Buffer | string | Readable | null;

export class Client {
  readonly port: number;
  readonly #pool: Pool;
  #token = '';

  constructor(port: number) {
    this.port = port;
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: 32, headersTimeout: 60_000, bodyTimeout: 60_000 });
  }

  get token(): string {
    return this.#token;
  }

  /** Gets a token, as test:tester. */
  async signIn(): Promise<void> {
    const headers = { 'x-auth-user': 'test:tester', 'x-auth-key': 'testing' };
    const answer = await this.#send('GET', '/auth/v1.0', headers, null);
    this.#token = answer.headers['x-auth-token'] ?? '';
    if (this.#token === '') throw new Error(`no token: ${answer.status}`);
  }

  /** `path`: behind the account, percent-encoded. */
  async request(method: string, path: string, headers: RequestHeaders = {}, body: RequestBody = null): Promise<Answer> {
    return await this.#send(method, `/v1/AUTH_test${path}`, { 'x-auth-token': this.#token, ...headers }, body);
  }

  async put(path: string, body: RequestBody = '', headers: RequestHeaders = {}): Promise<Answer> {
    return await this.request('PUT', path, headers, body);
  }

  async get(path: string, headers: RequestHeaders = {}): Promise<Answer> {
    return await this.request('GET', path, headers);
  }

  /** Names of a listing. */
  async list(path: string): Promise<string[]> {
    const { status, body } = await this.get(`${path}${path.includes('?') ? '&' : '?'}format=plain`);
    if (status !== 200 && status !== 204) throw new Error(`listing of ${path}: ${status}`);
    return body.toString().split('\n').slice(0, -1);
  }

  /** The answer's body as it comes. The caller reads it to its end. */
  async stream(path: string): Promise<Readable> {
    const { statusCode, body } = await this.#pool.request({
      method: 'GET',
      path: `/v1/AUTH_test${path}`,
      headers: { 'x-auth-token': this.#token },
    });
    if (statusCode !== 200) throw new Error(`GET of ${path}: ${statusCode}`);
    return body;
  }

  /** A connection of its own for bytes of the caller's making. */
  async connect(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.port });
    await once(socket, 'connect');
    return socket;
  }

  /** Sends bytes, reads all that comes until the server closes. */
  async raw(bytes: Buffer): Promise<Buffer> {
    const socket = await this.connect();
    socket.write(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(method: string, path: string, headers: RequestHeaders, body: RequestBody): Promise<Answer> {
    const answer = await this.#pool.request({ method, path, headers, body });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const fields = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(fields) as Record<string, string>,
      body: bytes,
    };
  }
}
