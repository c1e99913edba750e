/** `log_msg_template`: text with `{field}` and `{field.transformer}` in it, compiled once. */

import { createHash, getHashes } from 'node:crypto';
import { quote } from '../../middleware-api.ts';
import { timeFormat } from './time-format.ts';

/** What is known of a request once it is over. Texts are empty where there is nothing to say. */
export interface AccessRecord {
  client_ip: string;
  remote_addr: string;
  method: string;
  domain: string;
  path: string;
  protocol: string;
  status_int: string;
  wire_status_int: string;
  referer: string;
  user_agent: string;
  auth_token: string;
  bytes_recvd: string;
  bytes_sent: string;
  client_etag: string;
  transaction_id: string;
  headers: string;
  request_time: string;
  source: string;
  log_info: string;
  start_time: number;
  end_time: number;
  ttfb: string;
  policy_index: string;
  account: string;
  container: string;
  object: string;
  pid: string;
}

const FIELDS: readonly (keyof AccessRecord)[] = [
  ...(['client_ip', 'remote_addr', 'method', 'domain', 'path', 'protocol', 'status_int', 'wire_status_int'] as const),
  ...(['referer', 'user_agent', 'auth_token', 'bytes_recvd', 'bytes_sent', 'client_etag', 'transaction_id'] as const),
  ...(['headers', 'request_time', 'source', 'log_info', 'start_time', 'end_time', 'ttfb', 'policy_index'] as const),
  ...(['account', 'container', 'object', 'pid'] as const),
];
const ANONYMIZABLE: ReadonlySet<string> = new Set([
  ...['client_ip', 'remote_addr', 'domain', 'path', 'referer', 'user_agent', 'headers', 'client_etag'],
  ...['account', 'container', 'object'],
]);

/** Letters and the like that stay unquoted beside those of `quote`. */
const UNQUOTED = ':/{}';
const NEEDS_NO_QUOTING = /^[A-Za-z0-9_.\-~:/{}]+$/;

export interface Anonymization {
  method: string;
  salt: string;
}

type Part = string | ((record: AccessRecord) => string);
export type AccessTemplate = (record: AccessRecord) => string;

/** Throws Error with the reason when the template cannot be filled in. */
export function compileTemplate(template: string, anonymization: Anonymization): AccessTemplate {
  if (!getHashes().includes(anonymization.method.toLowerCase())) {
    throw new Error(`log_anonymization_method = ${anonymization.method}: expected a hash such as MD5 or SHA256`);
  }
  const parts: Part[] = [];
  let at = 0;
  for (const match of template.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g)) {
    parts.push(template.slice(at, match.index));
    at = match.index + match[0].length;
    parts.push(partFor(match[0], match[1], anonymization));
  }
  parts.push(template.slice(at));
  return (record) => {
    let line = '';
    for (const part of parts) line += typeof part === 'string' ? part : part(record);
    return line;
  };
}

function partFor(text: string, expression: string | undefined, anonymization: Anonymization): Part {
  if (text === '{{') return '{';
  if (text === '}}') return '}';
  if (expression === undefined) throw new Error(`log_msg_template: single '${text}'`);
  const [name = '', transformer = '', ...rest] = expression.split('.');
  const field = FIELDS.find((known) => known === name);
  if (field === undefined) throw new Error(`log_msg_template: no field {${name}}; there are ${FIELDS.join(', ')}`);
  if (field === 'start_time' || field === 'end_time') {
    const format = rest.length > 0 ? undefined : timeFormat(transformer);
    if (format === undefined) throw new Error(`log_msg_template: no time format {${expression}}`);
    return (record) => quoted(format(record[field]));
  }
  if (transformer === '') return (record) => quoted(record[field]);
  if (transformer !== 'anonymized' || rest.length > 0 || !ANONYMIZABLE.has(name)) {
    throw new Error(`log_msg_template: no transformer {${expression}}`);
  }
  return (record) => quoted(anonymize(record[field], anonymization));
}

function quoted(value: string): string {
  if (value === '') return '-';
  return NEEDS_NO_QUOTING.test(value) ? value : quote(value, UNQUOTED);
}

/** `{MD5}hash`, or with a salt `{SMD5}hash` of salt and value. */
function anonymize(value: string, { method, salt }: Anonymization): string {
  if (value === '') return '';
  const hash = createHash(method.toLowerCase())
    .update(salt + value, 'utf8')
    .digest('hex');
  return `{${salt === '' ? '' : 'S'}${method.toUpperCase()}}${hash}`;
}
