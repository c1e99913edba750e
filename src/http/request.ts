import type { Logger } from '../common/host.ts';
import { quote, unquote } from '../common/text.ts';
import type { Body } from './body.ts';
import type { RequestEnv } from './env.ts';
import { type HeaderInit, Headers } from './headers.ts';
import { HttpError } from './response.ts';

/** The connection's side of a request. Requests that no connection stands behind (sub-requests, tests) have none. */
export interface RequestConnection {
  /** Sends `100 Continue` now unless a final answer has begun; more than one may be sent. */
  sendContinue(headers?: Headers): void;
  /** Aborted when the client goes away. */
  signal(): AbortSignal;
}

export interface RequestInit {
  method: string;
  /** Target as received, with its query; wire text. */
  target: string;
  headers?: HeaderInit;
  body?: Body;
  env?: RequestEnv;
  log: Logger;
  connection?: RequestConnection | undefined;
  signal?: AbortSignal | undefined;
  remoteAddress?: string;
  remotePort?: number;
  scheme?: 'http' | 'https';
  httpVersion?: '1.0' | '1.1';
}

export interface SubRequestOptions {
  headers?: HeaderInit;
  body?: Body;
  /** Value of the Range header. */
  range?: string;
  /** Short name of the maker, for the access log (`swift.source`). */
  source: string;
  /** `user` keeps the user's authorization; `preauthorized` passes every check. Default `user`. */
  as?: 'user' | 'preauthorized';
}

const NEVER_ABORTED: AbortSignal = new AbortController().signal;

/** A request. Names in paths and parameters are native text, header values wire text (see common/text.ts). */
export class SwiftRequest {
  method: string;
  readonly httpVersion: '1.0' | '1.1';
  readonly scheme: 'http' | 'https';
  readonly remoteAddress: string;
  readonly remotePort: number;
  headers: Headers;
  body: Body;
  env: RequestEnv;
  log: Logger;
  /** Where a urlmap mounted the app: what was taken off the front of the path (native text). */
  scriptName: string;
  readonly connection: RequestConnection | undefined;
  #signal: AbortSignal | undefined;
  #rawPath: string;
  #queryString: string;
  #path: string | undefined;
  #params: Map<string, string> | undefined;

  constructor(init: RequestInit) {
    this.method = init.method;
    this.httpVersion = init.httpVersion ?? '1.1';
    this.scheme = init.scheme ?? 'http';
    this.remoteAddress = init.remoteAddress ?? '';
    this.remotePort = init.remotePort ?? 0;
    this.headers = init.headers instanceof Headers ? init.headers : new Headers(init.headers);
    this.body = init.body ?? null;
    this.env = init.env ?? {};
    this.log = init.log;
    this.scriptName = '';
    this.connection = init.connection;
    this.#signal = init.signal;
    const mark = init.target.indexOf('?');
    this.#rawPath = mark < 0 ? init.target : init.target.slice(0, mark);
    this.#queryString = mark < 0 ? '' : init.target.slice(mark + 1);
    this.#path = undefined;
    this.#params = undefined;
  }

  /** Path as received, still percent-encoded, without the query; wire text. */
  get rawPath(): string {
    return this.#rawPath;
  }

  set rawPath(rawPath: string) {
    this.#rawPath = rawPath;
    this.#path = undefined;
  }

  /** Path decoded once; native text (bytes that are not UTF-8 are lone surrogates). Setting it sets rawPath. */
  get path(): string {
    return (this.#path ??= unquote(this.#rawPath));
  }

  set path(path: string) {
    this.#rawPath = quote(path);
    this.#path = path;
  }

  /** Query as received, without `?`; wire text. */
  get queryString(): string {
    return this.#queryString;
  }

  set queryString(queryString: string) {
    this.#queryString = queryString;
    this.#params = undefined;
  }

  /** Path with its query, as received. */
  get target(): string {
    return this.#queryString === '' ? this.#rawPath : `${this.#rawPath}?${this.#queryString}`;
  }

  /** Query parameters, native text; of a repeated one the last counts. Do not change: set queryString or call setParams. */
  get params(): ReadonlyMap<string, string> {
    return (this.#params ??= parseQuery(this.#queryString));
  }

  setParams(params: Iterable<readonly [string, string]>): void {
    this.queryString = formatQuery(params);
  }

  /** Content-Length as a number, null when there is none. A header that is no number is the server's to refuse. */
  get contentLength(): number | null {
    const value = this.headers.get('content-length');
    return value === undefined ? null : Number(value);
  }

  get isChunked(): boolean {
    return this.headers.get('transfer-encoding')?.toLowerCase() === 'chunked';
  }

  /** `http://host`, from the Host header. */
  get hostUrl(): string {
    return `${this.scheme}://${this.headers.get('host') ?? 'localhost'}`;
  }

  /** Aborts when the client goes. Pass it on to what waits. */
  get signal(): AbortSignal {
    return (this.#signal ??= this.connection?.signal() ?? NEVER_ABORTED);
  }

  /** Answers 100 early; otherwise the first read of the body does. */
  sendContinue(headers?: Headers): void {
    this.connection?.sendContinue(headers);
  }

  /** splitPath of the decoded path. */
  splitPath(min: number, max: number, restWithLast?: boolean): (string | undefined)[] {
    return splitPath(this.path, min, max, restWithLast);
  }

  /**
   * A request of a filter's own, for the rest of the pipeline (`app`). It shares transaction id, caches, connection address and
   * signal with this one; headers are only those given. `path` is native text and may carry no query.
   */
  sub(method: string, path: string, options: SubRequestOptions): SwiftRequest {
    const { env } = this;
    const child: RequestEnv = {
      ...env,
      infoCache: (env.infoCache ??= new Map<string, unknown>()),
      source: options.source,
      updateFooters: undefined,
      // What is so of this request's account and container may not be so of the child's.
      acl: undefined,
      syncKey: undefined,
      swiftOwner: undefined,
      accessLogMade: undefined,
      originalPath: undefined,
      backendPath: undefined,
    };
    if (options.as === 'preauthorized') {
      child.authorize = () => null;
      child.authorizeOverride = true;
      child.swiftOwner = true;
      child.remoteUser = '.wsgi.pre_authed';
    }
    const headers = new Headers(options.headers);
    if (options.range !== undefined) headers.set('range', options.range);
    if (options.body instanceof Uint8Array) headers.setDefault('content-length', options.body.length);
    const host = this.headers.get('host');
    if (host !== undefined) headers.setDefault('host', host);
    return new SwiftRequest({
      method,
      target: quote(path),
      headers,
      body: options.body ?? null,
      env: child,
      log: this.log,
      signal: this.signal,
      remoteAddress: this.remoteAddress,
      remotePort: this.remotePort,
      scheme: this.scheme,
    });
  }
}

/**
 * Splits `/a/b/c` into `min` to `max` segments; missing ones up to `max` are undefined. With `restWithLast` the last segment takes
 * the rest of the path, slashes included. Throws HttpError 400 when the path has too few or too many, or an empty one
 * before its end.
 */
export function splitPath(path: string, min: number, max: number, restWithLast = false): (string | undefined)[] {
  const fail = (): never => {
    throw new HttpError(400, `Invalid path: ${quote(path)}`);
  };
  if (path[0] !== '/') fail();
  const parts: (string | undefined)[] = [];
  let rest: string | undefined = path.slice(1);
  while (rest !== undefined && parts.length < max) {
    const slash: number = restWithLast && parts.length === max - 1 ? -1 : rest.indexOf('/');
    parts.push(slash < 0 ? rest : rest.slice(0, slash));
    rest = slash < 0 ? undefined : rest.slice(slash + 1);
  }
  // One trailing slash after the last segment allowed is dropped.
  if (rest !== undefined && rest !== '') fail();
  if (parts.length > min && parts.at(-1) === '') parts.pop();
  if (parts.length < min) fail();
  const mandatory = parts.slice(0, min);
  if (mandatory.some((part) => part === '')) fail();
  if (parts.slice(min, -1).some((part) => part === '')) fail();
  while (parts.length < max) parts.push(undefined);
  return parts;
}

/** Parameters of a query string, `+` as blank, percent-decoded once; blank values kept. */
export function parseQuery(queryString: string): Map<string, string> {
  const params = new Map<string, string>();
  if (queryString === '') return params;
  for (const pair of queryString.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    params.set(unquote(name.replaceAll('+', ' ')), unquote(value.replaceAll('+', ' ')));
  }
  return params;
}

/** A query string of native parameters, percent-encoded. */
export function formatQuery(params: Iterable<readonly [string, string]>): string {
  const pairs: string[] = [];
  for (const [name, value] of params) pairs.push(`${quote(name, '')}=${quote(value, '')}`);
  return pairs.join('&');
}
