/** Times in access lines: the transformers of `{start_time.…}` and `{end_time.…}`. All are UTC. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const DAY_MS = 24 * 3600 * 1000;

const two = (value: number): string => String(value).padStart(2, '0');
const dayName = (date: Date): string => DAYS[date.getUTCDay()] as string;
const monthName = (date: Date): string => MONTHS[date.getUTCMonth()] as string;
const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;
const clock = (date: Date): string => date.toISOString().slice(11, 19);

/** Day of the year, 1 for the first of January. */
function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
}

/** Week of the year when weeks begin on `firstDay` (0 Sunday, 1 Monday); days before the first such day are in week 0. */
function weekOfYear(date: Date, firstDay: number): number {
  const weekday = (date.getUTCDay() - firstDay + 7) % 7;
  return Math.floor((dayOfYear(date) - 1 + 7 - weekday) / 7);
}

function ctime(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${dayName(date).slice(0, 3)} ${monthName(date).slice(0, 3)} ${day} ${clock(date)} ${date.getUTCFullYear()}`;
}

/** The directives of strftime that Swift lets through, in the C locale. */
const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => dayName(date).slice(0, 3),
  A: dayName,
  b: (date) => monthName(date).slice(0, 3),
  B: monthName,
  c: ctime,
  d: (date) => two(date.getUTCDate()),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(hour12(date)),
  j: (date) => String(dayOfYear(date)).padStart(3, '0'),
  m: (date) => two(date.getUTCMonth() + 1),
  M: (date) => two(date.getUTCMinutes()),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  S: (date) => two(date.getUTCSeconds()),
  U: (date) => two(weekOfYear(date, 0)),
  w: (date) => String(date.getUTCDay()),
  W: (date) => two(weekOfYear(date, 1)),
  x: (date) => `${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}/${two(date.getUTCFullYear() % 100)}`,
  X: clock,
  y: (date) => two(date.getUTCFullYear() % 100),
  Y: (date) => String(date.getUTCFullYear()),
  Z: () => 'UTC',
};

const MONTH_SHORT = MONTHS.map((name) => name.slice(0, 3));

let lastSecond = -1;
let lastDate = '';

/** `22/Nov/2026/16/03/26`; the text of a second is made once. */
function accessDate(seconds: number): string {
  const second = Math.floor(seconds);
  if (second !== lastSecond) {
    const date = new Date(second * 1000);
    const day = `${two(date.getUTCDate())}/${MONTH_SHORT[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
    lastDate = `${day}/${two(date.getUTCHours())}/${two(date.getUTCMinutes())}/${two(date.getUTCSeconds())}`;
    lastSecond = second;
  }
  return lastDate;
}

type TimeFormat = (seconds: number) => string;

/** The formatter that a transformer's name stands for; undefined for a name that there is not. */
export function timeFormat(name: string): TimeFormat | undefined {
  switch (name) {
    case '':
      return (seconds) => seconds.toFixed(9);
    case 'datetime':
      return accessDate;
    case 'iso8601':
      return (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19);
    case 'asctime':
      return (seconds) => ctime(new Date(seconds * 1000));
    case 's':
      return (seconds) => String(Math.floor(seconds));
    case 'ms':
      return (seconds) => fractionDigits(seconds, 3);
    case 'us':
      return (seconds) => fractionDigits(seconds, 6);
    case 'ns':
      return (seconds) => fractionDigits(seconds, 9);
    default: {
      const directive = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined;
      return directive && ((seconds) => directive(new Date(seconds * 1000)));
    }
  }
}

/** The fraction of the second alone, in thousandths, millionths or billionths. */
function fractionDigits(seconds: number, digits: number): string {
  return String(Number(seconds.toFixed(9).split('.')[1]?.slice(0, digits)));
}
