/**
 * proxy_logging - one access line for each request once its answer went out, in Swift's format. It stands twice in a pipeline: the
 * left one logs what filters answer by themselves, the right one the requests that filters make; no request is logged twice.
 */

import {
  type BodyStream,
  bodyStream,
  type FilterFactory,
  type Handler,
  type Order,
  readConf,
  type SentInfo,
  type SwiftRequest,
  type SwiftResponse,
} from '../middleware-api.ts';
import { type Access, AccessLine, type Revealing } from './proxy-logging/access-line.ts';
import { CountingBody } from './proxy-logging/counting-body.ts';
import { compileTemplate } from './proxy-logging/template.ts';

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
  const anonymization = { method: conf.log_anonymization_method, salt: conf.log_anonymization_salt };
  const template = compileTemplate(conf.log_msg_template, anonymization);
  const revealing: Revealing = {
    sensitivePrefix: conf.reveal_sensitive_prefix,
    logsHeaders: conf.access_log_headers,
    headersOnly: new Set(conf.access_log_headers_only.map((name) => name.toLowerCase())),
  };
  const logged = async (app: Handler, req: SwiftRequest): Promise<SwiftResponse> => {
    req.env.accessLogMade = true;
    req.env.originalPath ??= req.path;
    const start = host.now();
    let received: CountingBody | undefined;
    if (req.body !== null && !(req.body instanceof Uint8Array))
      req.body = received = new CountingBody(bodyStream(req.body));
    const access: Access = { req, start, received, res: undefined };
    const finished = (sent: SentInfo): void =>
      logger.info(template(new AccessLine(revealing, access, sent, host.now())));
    try {
      access.res = await app(req);
    } catch (error) {
      finished({ status: 500, bodyBytes: 0, firstByteTime: undefined, complete: true });
      throw error;
    }
    return onFinished(req, access.res, finished);
  };
  return (app) => (req) => (req.env.accessLogMade === true ? app(req) : logged(app, req));
};
