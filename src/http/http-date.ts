const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** `Sun, 22 Nov 2026 13:06:11 GMT` and `Sunday, 22-Nov-26 13:06:11 GMT`, with a zone in digits too. */
const DAY_FIRST =
  /^(?:[a-z]+,? +)?(\d{1,2})[ -]([a-z]{3})[a-z]*[ -](\d{4}|\d{2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: +(.*))?$/i;
/** `Sun Nov 22 13:06:11 2026` */
const MONTH_FIRST = /^[a-z]{3,9},? +([a-z]{3}) +(\d{1,2}) +(\d{1,2}):(\d{2}):(\d{2}) +(\d{4})$/i;
const ZONE = /^([+-])(\d{2}):?(\d{2})$/;

/** Seconds since 1970 of an HTTP date in any of its three forms; undefined for text that is none. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  const dayFirst = DAY_FIRST.exec(trimmed);
  if (dayFirst !== null) {
    const [, day, month, year, hour, minute, second, zone] = dayFirst;
    return seconds(fullYear(year as string), month, day, hour, minute, second ?? '0', zone);
  }
  const monthFirst = MONTH_FIRST.exec(trimmed);
  if (monthFirst === null) return undefined;
  const [, month, day, hour, minute, second, year] = monthFirst;
  return seconds(Number(year), month, day, hour, minute, second, undefined);
}

/** Years of two digits: 00 to 68 are of this century. */
function fullYear(year: string): number {
  const value = Number(year);
  if (year.length === 4) return value;
  return value > 68 ? 1900 + value : 2000 + value;
}

function seconds(
  year: number,
  month: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  zone: string | undefined,
): number | undefined {
  const monthIndex = MONTHS.indexOf((month ?? '').toLowerCase());
  if (monthIndex < 0 || Number(day) < 1 || Number(day) > 31 || Number(hour) > 23) return undefined;
  if (Number(minute) > 59 || Number(second) > 61) return undefined;
  const utc = Date.UTC(year, monthIndex, Number(day), Number(hour), Number(minute), Number(second)) / 1000;
  const offset = ZONE.exec(zone ?? '');
  if (offset === null) return utc;
  const offsetSeconds = Number(offset[2]) * 3600 + Number(offset[3]) * 60;
  return offset[1] === '+' ? utc - offsetSeconds : utc + offsetSeconds;
}
