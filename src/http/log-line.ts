/** The access line of the storage servers, Swift's default or an operator's `log_format`. */

import { hash, getHashes } from 'node:crypto';
import { quote } from '../common/text.ts';
import type { SwiftRequest } from './request.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface LogLineOptions {
  /** `log_format`; empty or absent for Swift's own. */
  readonly format?: string | undefined;
  /** `log_anonymization_method`, a hash that Node knows. Default md5. */
  readonly anonymizationMethod?: string | undefined;
  readonly anonymizationSalt?: string | undefined;
}

/** What was answered, as far as the line tells it. */
export interface LoggedAnswer {
  readonly status: number;
  /** Length of a body that the handler gave; undefined or 0 prints `-`. */
  readonly contentLength?: number | undefined;
  /** The policy that the answer names, or else the request. */
  readonly policyIndex?: string | undefined;
  readonly additionalInfo?: string | undefined;
}

export type LogLine = (req: SwiftRequest, answer: LoggedAnswer, startSeconds: number, endSeconds: number) => string;

/** Makes the formatter once, so that the default line costs no template. Throws Error for a format with an unknown field. */
export function makeLogLine(options: LogLineOptions = {}): LogLine {
  return options.format === undefined || options.format === '' ? defaultLine : templateLine(options.format, options);
}

/** The format itself. Throws Error that says what it expected for one with an unknown field. */
export function checkLogFormat(format: string): string {
  makeLogLine({ format });
  return format;
}

let stampSecond = -1;
let stampText = '';

/** `22/Nov/2026:15:47:33 +0000`; the text of a second is made once. */
function commonLogTime(seconds: number): string {
  const second = Math.floor(seconds);
  if (second !== stampSecond) {
    stampSecond = second;
    const { day, month, year, hour, minute, sec } = timeParts(second);
    stampText = `${day}/${month}/${year}:${hour}:${minute}:${sec} +0000`;
  }
  return stampText;
}

function timeParts(
  seconds: number,
): Record<'day' | 'month' | 'monthNumber' | 'year' | 'hour' | 'minute' | 'sec', string> {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    day: two(date.getUTCDate()),
    month: MONTHS[date.getUTCMonth()] as string,
    monthNumber: two(date.getUTCMonth() + 1),
    year: String(date.getUTCFullYear()),
    hour: two(date.getUTCHours()),
    minute: two(date.getUTCMinutes()),
    sec: two(date.getUTCSeconds()),
  };
}

/** As it came, one character a byte: Swift's lines are written so. */
const header = (req: SwiftRequest, name: string): string => {
  const value = req.headers.get(name);
  return value === undefined || value === '' ? '-' : value;
};

const defaultLine: LogLine = (req, answer, start, end) =>
  `${req.remoteAddress || '-'} - - [${commonLogTime(end)}] "${req.method} ${quote(req.path)}" ${answer.status} ` +
  `${answer.contentLength || '-'} "${header(req, 'referer')}" "${header(req, 'x-trans-id')}" ` +
  `"${header(req, 'user-agent')}" ${(end - start).toFixed(4)} "${answer.additionalInfo || '-'}" ${process.pid} ` +
  `${answer.policyIndex ?? '-'}`;

type Field = (req: SwiftRequest, answer: LoggedAnswer, start: number, end: number) => string | number;

const FIELDS: Readonly<Record<string, Field>> = {
  remote_addr: (req) => req.remoteAddress || '-',
  method: (req) => req.method,
  path: (req) => quote(req.path),
  status: (_req, answer) => answer.status,
  content_length: (_req, answer) => answer.contentLength || '-',
  referer: (req) => header(req, 'referer'),
  txn_id: (req) => header(req, 'x-trans-id'),
  user_agent: (req) => header(req, 'user-agent'),
  trans_time: (_req, _answer, start, end) => end - start,
  additional_info: (_req, answer) => answer.additionalInfo || '-',
  pid: () => process.pid,
  policy_index: (_req, answer) => answer.policyIndex ?? '-',
};

const TIME_FIELDS: Readonly<Record<string, (seconds: number) => string>> = {
  d: (seconds) => timeParts(seconds).day,
  b: (seconds) => timeParts(seconds).month,
  m: (seconds) => timeParts(seconds).monthNumber,
  Y: (seconds) => timeParts(seconds).year,
  H: (seconds) => timeParts(seconds).hour,
  M: (seconds) => timeParts(seconds).minute,
  S: (seconds) => timeParts(seconds).sec,
  iso8601: (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19),
  asctime: (seconds) => {
    const { day, month, year, hour, minute, sec } = timeParts(seconds);
    return `${day}/${month}/${year}/${hour}/${minute}/${sec}`;
  },
};

/** A field of the template: `{name}`, `{name:.4f}`, `{name.anonymized}`, `{time.H}`. */
function templateLine(format: string, options: LogLineOptions): LogLine {
  const parts: (string | Field)[] = [];
  let last = 0;
  for (const match of format.matchAll(/\{([a-z_]+)(?:\.([A-Za-z0-9_]+))?(?::\.(\d+)f)?\}/g)) {
    parts.push(format.slice(last, match.index));
    last = match.index + match[0].length;
    parts.push(templateField(match, options));
  }
  parts.push(format.slice(last));
  return (req, answer, start, end) =>
    parts.map((part) => (typeof part === 'string' ? part : part(req, answer, start, end))).join('');
}

function templateField(match: RegExpExecArray, options: LogLineOptions): Field {
  const [whole, name = '', detail, digits] = match;
  if (name === 'time' && detail !== undefined) {
    const time = TIME_FIELDS[detail];
    if (time !== undefined) return (_req, _answer, _start, end) => time(end);
  }
  const field = FIELDS[name];
  if (field === undefined || (detail !== undefined && detail !== 'anonymized')) {
    throw new Error(`expected fields of the access line, of which ${whole} is none`);
  }
  if (detail === 'anonymized')
    return (req, answer, start, end) => anonymize(String(field(req, answer, start, end)), options);
  if (digits === undefined) return field;
  return (req, answer, start, end) => Number(field(req, answer, start, end)).toFixed(Number(digits));
}

/** `{SMD5}` and the salted hash in hex, `{MD5}` without salt; `-` stays. */
function anonymize(value: string, options: LogLineOptions): string {
  if (value === '-') return value;
  const salt = options.anonymizationSalt ?? '';
  const asked = (options.anonymizationMethod ?? 'md5').toLowerCase();
  const method = getHashes().includes(asked) ? asked : 'md5';
  return `{${salt === '' ? '' : 'S'}${asked.toUpperCase()}}${hash(method, salt + value, 'hex')}`;
}
