/** Values of the `log_*` options. */

const FACILITIES: ReadonlyMap<string, number> = new Map([
  ...['KERN', 'USER', 'MAIL', 'DAEMON', 'AUTH', 'SYSLOG', 'LPR', 'NEWS', 'UUCP', 'CRON', 'AUTHPRIV', 'FTP'].map(
    (name, at) => [`LOG_${name}`, at] as const,
  ),
  ...Array.from({ length: 8 }, (_, at) => [`LOG_LOCAL${at}`, 16 + at] as const),
]);

/** Python's level names with pino's. */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ['DEBUG', 'debug'],
  ['INFO', 'info'],
  ['NOTICE', 'info'],
  ['WARNING', 'warn'],
  ['WARN', 'warn'],
  ['ERROR', 'error'],
  ['CRITICAL', 'fatal'],
]);

/** Number of a syslog facility. Throws an Error that tells what was expected. */
export function facilityNumber(text: string): number {
  const number = FACILITIES.get(text);
  if (number === undefined)
    throw new Error('expected LOG_LOCAL0 to LOG_LOCAL7, LOG_DAEMON or another facility of syslog');
  return number;
}

/** pino's name of a level. Throws an Error that tells what was expected. */
export function levelName(text: string): string {
  const name = LEVELS.get(text.toUpperCase());
  if (name === undefined) throw new Error('expected DEBUG, INFO, WARNING, ERROR or CRITICAL');
  return name;
}
