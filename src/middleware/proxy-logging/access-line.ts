/** The fields of an access line. */

import { nativeFromWire, quote, type SentInfo, type SwiftRequest, type SwiftResponse } from '../../middleware-api.ts';
import type { CountingBody } from './counting-body.ts';
import type { AccessRecord } from './template.ts';

const SENSITIVE_HEADERS: ReadonlySet<string> = new Set([
  ...['x-auth-token', 'x-storage-token', 'x-service-token', 'x-subject-token', 'authorization', 'cookie'],
  ...['x-auth-key', 'x-account-meta-temp-url-key', 'x-account-meta-temp-url-key-2'],
  ...['x-container-meta-temp-url-key', 'x-container-meta-temp-url-key-2', 'x-amz-security-token'],
]);
const SENSITIVE_PARAMETERS =
  /((?:^|&)(?:temp_url_sig|signature|x-amz-signature|swiftinfo_sig|x-amz-security-token)=)([^&]*)/gi;

const POLICY_INDEX = 'x-backend-storage-policy-index';

export interface Revealing {
  /** Characters shown of secrets. */
  readonly sensitivePrefix: number;
  readonly logsHeaders: boolean;
  /** Lower-case names; empty: all headers. */
  readonly headersOnly: ReadonlySet<string>;
}

/** A request that is being answered. */
export interface Access {
  readonly req: SwiftRequest;
  /** Seconds since 1970. */
  readonly start: number;
  /** Body of the request, when it has one that is read. */
  readonly received: CountingBody | undefined;
  res: SwiftResponse | undefined;
}

/** What a template may ask of a request that is over; worked out when it does. */
export class AccessLine implements AccessRecord {
  readonly #revealing: Revealing;
  readonly #access: Access;
  readonly #sent: SentInfo;
  readonly end_time: number;

  constructor(revealing: Revealing, access: Access, sent: SentInfo, end: number) {
    this.#revealing = revealing;
    this.#access = access;
    this.#sent = sent;
    this.end_time = end;
  }

  get start_time(): number {
    return this.#access.start;
  }

  get client_ip(): string {
    return clientAddress(this.#access.req);
  }

  get remote_addr(): string {
    return this.#access.req.remoteAddress;
  }

  get method(): string {
    const { env, method } = this.#access.req;
    return env.originalMethod ?? method;
  }

  get domain(): string {
    return (this.#access.req.headers.getText('host') ?? '').replace(/:\d*$/, '');
  }

  get path(): string {
    return this.#path + this.#query;
  }

  get protocol(): string {
    return `HTTP/${this.#access.req.httpVersion}`;
  }

  get status_int(): string {
    return String(this.#sent.complete ? this.#sent.status : 499);
  }

  get wire_status_int(): string {
    return String(this.#access.res?.status ?? this.#sent.status);
  }

  get referer(): string {
    return this.#access.req.headers.getText('referer') ?? '';
  }

  get user_agent(): string {
    return this.#access.req.headers.getText('user-agent') ?? '';
  }

  get auth_token(): string {
    return this.#shorten(this.#access.req.headers.get('x-auth-token') ?? '');
  }

  get bytes_recvd(): string {
    return numberUnlessZero(this.#access.received?.count ?? 0);
  }

  get bytes_sent(): string {
    return numberUnlessZero(this.#sent.bodyBytes);
  }

  get client_etag(): string {
    return this.#access.req.headers.getText('etag') ?? '';
  }

  get transaction_id(): string {
    return this.#access.req.env.transId ?? '';
  }

  get headers(): string {
    const { logsHeaders, headersOnly } = this.#revealing;
    if (!logsHeaders) return '';
    const lines: string[] = [];
    for (const [name, value] of this.#access.req.headers.toTitled()) {
      const lower = name.toLowerCase();
      if (headersOnly.size > 0 && !headersOnly.has(lower)) continue;
      lines.push(`${name}: ${SENSITIVE_HEADERS.has(lower) ? this.#shorten(value) : nativeFromWire(value)}`);
    }
    return lines.join('\n');
  }

  get request_time(): string {
    return (this.end_time - this.#access.start).toFixed(4);
  }

  get source(): string {
    return this.#access.req.env.source ?? '';
  }

  get log_info(): string {
    return this.#access.req.env.logInfo?.join(',') ?? '';
  }

  get ttfb(): string {
    const { firstByteTime } = this.#sent;
    return firstByteTime === undefined ? '' : String(Math.max(0, firstByteTime - this.#access.start));
  }

  get policy_index(): string {
    const { req, res } = this.#access;
    return res?.headers.get(POLICY_INDEX) ?? req.headers.get(POLICY_INDEX) ?? '';
  }

  get account(): string {
    return this.#names[0] ?? '';
  }

  get container(): string {
    return this.#names[1] ?? '';
  }

  get object(): string {
    return this.#names.slice(2).join('/');
  }

  get pid(): string {
    return String(process.pid);
  }

  /** As Swift has it: decoded and encoded again, so that equal names give equal lines however the client spelt them. */
  get #path(): string {
    const { env, path } = this.#access.req;
    return quote(env.originalPath ?? path);
  }

  get #query(): string {
    const query = nativeFromWire(this.#access.req.queryString);
    if (query === '') return '';
    return `?${query.replace(SENSITIVE_PARAMETERS, (_, name: string, value: string) => name + this.#shorten(value))}`;
  }

  #shorten(secret: string): string {
    const shown = this.#revealing.sensitivePrefix;
    return secret.length > shown ? `${secret.slice(0, shown)}...` : secret;
  }

  get #names(): string[] {
    const path = this.#path;
    return isStoragePath(path) ? path.split('/').slice(2) : [];
  }
}

function numberUnlessZero(value: number): string {
  return value === 0 ? '' : String(value);
}

/** `/v1/account…`, as against `/info` or `/auth/v1.0`. */
function isStoragePath(path: string): boolean {
  return /^\/v[0-9.]+\//.test(path);
}

/** The end client's address as proxies in front report it. */
function clientAddress(req: SwiftRequest): string {
  const cluster = req.headers.get('x-cluster-client-ip');
  if (cluster !== undefined && cluster !== '') return cluster;
  const forwarded = req.headers.get('x-forwarded-for')?.split(',')[0]?.trim();
  return forwarded !== undefined && forwarded !== '' ? forwarded : req.remoteAddress;
}
