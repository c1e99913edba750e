/**
 * proxy_logging - one access line for each request once its answer went out, in Swift's format. It stands twice in a pipeline: the
 * left one logs what filters answer by themselves, the right one the requests that filters make; no request is logged twice.
 */

import {
  type BodyStream,
  bodyStream,
  type FilterFactory,
  type Headers,
  nativeFromWire,
  type Order,
  quote,
  readConf,
  type SentInfo,
  type SwiftRequest,
  type SwiftResponse,
  type TypedConf,
} from '../middleware-api.ts';
import { CountingBody } from './proxy-logging/counting-body.ts';
import { type AccessRecord, type AccessTemplate, compileTemplate } from './proxy-logging/template.ts';

const DEFAULT_TEMPLATE =
  '{client_ip} {remote_addr} {end_time.datetime} {method} {path} {protocol} {status_int} {referer} {user_agent} ' +
  '{auth_token} {bytes_recvd} {bytes_sent} {client_etag} {transaction_id} {headers} {request_time} {source} {log_info} ' +
  '{start_time} {end_time} {policy_index}';

export const confSpec = {
  access_log_name: { type: 'text', doc: "Name in front of each access line; the server's log_name when not set." },
  access_log_facility: { type: 'text', doc: 'Syslog facility of access lines.' },
  access_log_level: { type: 'text', doc: 'Lowest level logged.' },
  access_log_address: { type: 'text', doc: "The syslog daemon's socket for access lines." },
  access_log_udp_host: { type: 'text', doc: 'Sends access lines to this host by UDP instead.' },
  access_log_udp_port: { type: 'integer', min: 1, max: 65535, doc: 'Port for access_log_udp_host.' },
  access_log_headers: { type: 'boolean', default: false, doc: 'Logs the headers of each request.' },
  access_log_headers_only: {
    type: 'list',
    default: [],
    doc: 'Headers to log with access_log_headers; all when empty.',
  },
  reveal_sensitive_prefix: { type: 'integer', default: 16, min: 0, doc: 'Characters shown of tokens and signatures.' },
  log_msg_template: {
    type: 'text',
    default: DEFAULT_TEMPLATE as string,
    doc: 'The line: text with {field} or {field.transformer}.',
  },
  log_anonymization_method: { type: 'text', default: 'MD5', doc: 'Hash for {field.anonymized}.' },
  log_anonymization_salt: { type: 'text', default: '', doc: 'Put before what is hashed.' },
} as const;

export const order: Order = {
  after: ['catch_errors'],
  why: 'lines are marked with the transaction id, and the faults of what stands behind it are logged with their status',
  alsoInnermost: true,
};

type LoggingConf = TypedConf<typeof confSpec>;

const SENSITIVE_HEADERS: ReadonlySet<string> = new Set([
  ...['x-auth-token', 'x-storage-token', 'x-service-token', 'x-subject-token', 'authorization', 'cookie'],
  ...['x-auth-key', 'x-account-meta-temp-url-key', 'x-account-meta-temp-url-key-2'],
  ...['x-container-meta-temp-url-key', 'x-container-meta-temp-url-key-2', 'x-amz-security-token'],
]);
const SENSITIVE_PARAMETERS =
  /((?:^|&)(?:temp_url_sig|signature|x-amz-signature|swiftinfo_sig|x-amz-security-token)=)([^&]*)/gi;

class AccessLog {
  readonly #conf: LoggingConf;
  readonly #template: AccessTemplate;
  readonly #write: (line: string) => void;
  readonly #headersOnly: ReadonlySet<string>;

  constructor(conf: LoggingConf, write: (line: string) => void) {
    this.#conf = conf;
    this.#write = write;
    this.#headersOnly = new Set(conf.access_log_headers_only.map((name) => name.toLowerCase()));
    const anonymization = { method: conf.log_anonymization_method, salt: conf.log_anonymization_salt };
    this.#template = compileTemplate(conf.log_msg_template, anonymization);
  }

  write(req: SwiftRequest, res: SwiftResponse | undefined, sent: SentInfo, times: Times, bytesReceived: number): void {
    this.#write(this.#template(this.#record(req, res, sent, times, bytesReceived)));
  }

  #record(
    req: SwiftRequest,
    res: SwiftResponse | undefined,
    sent: SentInfo,
    times: Times,
    bytesReceived: number,
  ): AccessRecord {
    const { headers, env } = req;
    // As Swift has it: decoded and encoded again, so that equal names give equal lines however the client spelt them.
    const path = quote(env.originalPath ?? req.path);
    const [, , account = '', container = '', ...object] = isStoragePath(path) ? path.split('/') : [];
    return {
      client_ip: clientAddress(req),
      remote_addr: req.remoteAddress,
      method: env.originalMethod ?? req.method,
      domain: nativeFromWire(headers.get('host') ?? '').replace(/:\d*$/, ''),
      path: path + this.#query(nativeFromWire(req.queryString)),
      protocol: `HTTP/${req.httpVersion}`,
      status_int: String(sent.complete ? sent.status : 499),
      wire_status_int: String(res?.status ?? sent.status),
      referer: headers.getText('referer') ?? '',
      user_agent: headers.getText('user-agent') ?? '',
      auth_token: this.#shorten(headers.get('x-auth-token') ?? ''),
      bytes_recvd: bytesReceived === 0 ? '' : String(bytesReceived),
      bytes_sent: sent.bodyBytes === 0 ? '' : String(sent.bodyBytes),
      client_etag: headers.getText('etag') ?? '',
      transaction_id: env.transId ?? '',
      headers: this.#conf.access_log_headers ? this.#headers(headers) : '',
      request_time: (times.end - times.start).toFixed(4),
      source: env.source ?? '',
      log_info: env.logInfo?.join(',') ?? '',
      start_time: times.start,
      end_time: times.end,
      ttfb: sent.firstByteTime === undefined ? '' : String(Math.max(0, sent.firstByteTime - times.start)),
      policy_index:
        res?.headers.get('x-backend-storage-policy-index') ?? headers.get('x-backend-storage-policy-index') ?? '',
      account,
      container,
      object: object.join('/'),
      pid: String(process.pid),
    };
  }

  #query(queryString: string): string {
    if (queryString === '') return '';
    return `?${queryString.replace(SENSITIVE_PARAMETERS, (_, name: string, value: string) => name + this.#shorten(value))}`;
  }

  #headers(headers: Headers): string {
    const lines: string[] = [];
    for (const [name, value] of headers.toTitled()) {
      const lower = name.toLowerCase();
      if (this.#headersOnly.size > 0 && !this.#headersOnly.has(lower)) continue;
      lines.push(`${name}: ${SENSITIVE_HEADERS.has(lower) ? this.#shorten(value) : nativeFromWire(value)}`);
    }
    return lines.join('\n');
  }

  #shorten(secret: string): string {
    const shown = this.#conf.reveal_sensitive_prefix;
    return secret.length > shown ? `${secret.slice(0, shown)}...` : secret;
  }
}

interface Times {
  start: number;
  end: number;
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

/** Requests that filters make are never sent anywhere: what is done with the body tells when they are over. */
function onFinished(req: SwiftRequest, res: SwiftResponse, finished: (sent: SentInfo) => void): SwiftResponse {
  if (req.connection !== undefined) return res.onSent(finished);
  const { body, status } = res;
  if (body === null || body instanceof Uint8Array) {
    finished({ status, bodyBytes: body?.length ?? 0, firstByteTime: undefined, complete: true });
    return res;
  }
  // A filter that drops an answer has seen what it wanted; no client went away.
  const counted: BodyStream = new CountingBody(bodyStream(body), (bodyBytes, broken) =>
    finished({ status, bodyBytes, firstByteTime: undefined, complete: !broken }),
  );
  res.body = counted;
  return res;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const logger = host.log.withOptions({ ...globalConf, ...localConf }, 'access_');
  const log = new AccessLog(conf, (line) => logger.info(line));
  return (app) => async (req) => {
    if (req.env.accessLogMade === true) return app(req);
    req.env.accessLogMade = true;
    req.env.originalPath ??= req.path;
    const start = host.now();
    let received: CountingBody | undefined;
    if (req.body !== null && !(req.body instanceof Uint8Array))
      req.body = received = new CountingBody(bodyStream(req.body));
    const finished = (res: SwiftResponse | undefined, sent: SentInfo): void =>
      log.write(req, res, sent, { start, end: host.now() }, received?.count ?? 0);
    try {
      const res = await app(req);
      return onFinished(req, res, (sent) => finished(res, sent));
    } catch (error) {
      finished(undefined, { status: 500, bodyBytes: 0, firstByteTime: undefined, complete: true });
      throw error;
    }
  };
};
