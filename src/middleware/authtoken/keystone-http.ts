/** Requests to Keystone, over one pool of connections. */

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { parseJson } from './json.ts';

/** Keystone cannot be reached, or does not do what is asked of it: nothing is known of the token. */
export class KeystoneUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

export interface ConnectionOptions {
  /** For connecting and for each answer; undefined: as long as it may take. */
  timeoutSec: number | undefined;
  /** PEM files. */
  caFile: string | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
  /** Do not check the server's certificate. */
  insecure: boolean;
}

export interface KeystoneRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** How often to try again when there is no answer. Default 0. */
  retries?: number;
}

export interface KeystoneAnswer {
  status: number;
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, undefined when it is no JSON. */
  json: unknown;
}

/** Waits; ends early, by throwing, when the signal aborts. */
export type Sleep = (seconds: number, signal: AbortSignal) => Promise<void>;

export async function sleepOf(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal });
}

const FIRST_DELAY_SEC = 0.5;
const MAX_DELAY_SEC = 60;
const MAX_REDIRECTS = 30;
/** Strangers' tokens are to open no more connections than that, however many come at once; the other questions wait. */
const MAX_CONNECTIONS = 64;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export class KeystoneHttp {
  readonly #agent: Agent;
  readonly #dispatcher: Dispatcher;
  readonly #sleep: Sleep;
  readonly #closed = new AbortController();

  private constructor(agent: Agent, sleep: Sleep) {
    this.#agent = agent;
    this.#dispatcher = agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTS }));
    this.#sleep = sleep;
  }

  /** Throws when a file of certificates cannot be read. */
  static async open(options: ConnectionOptions, sleep: Sleep): Promise<KeystoneHttp> {
    const { timeoutSec, caFile, certFile, keyFile, insecure } = options;
    const timeoutMs = timeoutSec === undefined ? undefined : timeoutSec * 1000;
    const pem = async (file: string | undefined): Promise<Buffer | undefined> =>
      file === undefined ? undefined : await readFile(file);
    const [ca, cert, key] = [await pem(caFile), await pem(certFile), await pem(keyFile ?? certFile)];
    const agent = new Agent({
      connections: MAX_CONNECTIONS,
      ...(timeoutMs === undefined ? undefined : { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }),
      connect: {
        rejectUnauthorized: !insecure,
        ...(timeoutMs === undefined ? undefined : { timeout: timeoutMs }),
        ...(ca === undefined ? undefined : { ca }),
        ...(cert === undefined ? undefined : { cert, key }),
      },
    });
    return new KeystoneHttp(agent, sleep);
  }

  /** Throws KeystoneUnavailable when there is no answer; any answer is one. */
  async send(wanted: KeystoneRequest): Promise<KeystoneAnswer> {
    const { url, retries = 0 } = wanted;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#sendOnce(wanted);
      } catch (error) {
        const isOver = attempt >= retries || !isWorthAnotherTry(error) || this.#closed.signal.aborted;
        if (isOver) throw new KeystoneUnavailable(`${url}: ${(error as Error).message}`, { cause: error });
        await this.#pause(Math.min(MAX_DELAY_SEC, FIRST_DELAY_SEC * 2 ** attempt), error);
      }
    }
  }

  async #sendOnce({ method, url, headers, body }: KeystoneRequest): Promise<KeystoneAnswer> {
    const res = await request(url, {
      dispatcher: this.#dispatcher,
      method,
      headers: { accept: 'application/json', 'user-agent': 'apus', ...headers },
      body: body ?? null,
      signal: this.#closed.signal,
    });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of res.body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_ANSWER_BYTES)
        throw new KeystoneUnavailable(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
    return { status: res.statusCode, headers: res.headers, json: parseJson(Buffer.concat(chunks).toString('utf8')) };
  }

  async #pause(seconds: number, cause: unknown): Promise<void> {
    try {
      await this.#sleep(seconds, this.#closed.signal);
    } catch {
      throw new KeystoneUnavailable('the server is ending', { cause });
    }
  }

  /** Breaks off what is on its way. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#agent.destroy();
  }
}

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** A fault of the connection, not of what was asked or of a certificate. */
function isWorthAnotherTry(error: unknown): boolean {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (Array.isArray(errors)) return errors.some(isWorthAnotherTry);
  return typeof code === 'string' && CONNECTION_CODES.has(code);
}
