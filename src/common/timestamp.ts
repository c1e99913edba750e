/**
 * Swift's timestamps: a time in units of 10 µs ("raw", an exact integer) and an offset that orders events given the same time.
 * Source: spec swift-formats 0.2.
 */

const RAW_PER_SECOND = 100_000;
const MAX_RAW = 1_000_000_000_000_000; // 10^10 seconds, exclusive
const MAX_OFFSET = 1n << 64n;
const FLOAT = /^\s*[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?\s*$/;

export class TimestampError extends Error {
  constructor(text: string) {
    super(`not a timestamp: ${JSON.stringify(text)}`);
    this.name = 'TimestampError';
  }
}

export class Timestamp {
  /** Seconds × 100,000; an integer. */
  readonly raw: number;
  readonly offset: bigint;
  #internal: string | undefined;

  constructor(raw: number, offset = 0n) {
    if (!Number.isInteger(raw) || raw < 0 || raw >= MAX_RAW || offset < 0n || offset >= MAX_OFFSET) {
      throw new TimestampError(`${raw}_${offset}`);
    }
    this.raw = raw + 0; // -0 becomes 0
    this.offset = offset;
    this.#internal = undefined;
  }

  static readonly ZERO: Timestamp = new Timestamp(0);

  /** Accepts what Python's float takes, then optionally `_` and up to 16 hex digits of offset. Throws TimestampError. */
  static parse(text: string): Timestamp {
    const at = text.indexOf('_');
    // A simple timestamp in normal form, by far the most common.
    if (at < 0 && text.length === 16 && /^\d{10}\.\d{5}$/.test(text)) {
      return new Timestamp(Number(text.slice(0, 10)) * RAW_PER_SECOND + Number(text.slice(11)));
    }
    const seconds = at < 0 ? text : text.slice(0, at);
    const offset = at < 0 ? '' : text.slice(at + 1);
    if (!FLOAT.test(seconds) || (at >= 0 && !/^[0-9a-fA-F]{1,16}$/.test(offset))) throw new TimestampError(text);
    const raw = roundHalfEven(Number(seconds.replaceAll('_', '')) / 1e-5);
    if (!(raw >= 0 && raw < MAX_RAW)) throw new TimestampError(text);
    return new Timestamp(raw, offset === '' ? 0n : BigInt(`0x${offset}`));
  }

  /** Like parse, but undefined for text that is none. */
  static tryParse(text: string | undefined): Timestamp | undefined {
    if (text === undefined) return undefined;
    try {
      return Timestamp.parse(text);
    } catch {
      return undefined;
    }
  }

  static fromSeconds(seconds: number): Timestamp {
    return new Timestamp(roundHalfEven(seconds / 1e-5));
  }

  /** Seconds since 1970 with fractions. */
  get seconds(): number {
    return this.raw / RAW_PER_SECOND;
  }

  /** `1402464677.04188` */
  get normal(): string {
    return formatRaw(this.raw);
  }

  /** Normal, with `_` and 16 hex digits when there is an offset. */
  get internal(): string {
    return (this.#internal ??=
      this.offset === 0n ? this.normal : `${this.normal}_${this.offset.toString(16).padStart(16, '0')}`);
  }

  /** Normal, with `_` and the offset's hex digits unpadded when there is one. */
  get short(): string {
    return this.offset === 0n ? this.normal : `${this.normal}_${this.offset.toString(16)}`;
  }

  /** `2023-11-14T22:13:20.000000`, of the normal part. */
  get isoFormat(): string {
    const wholeSeconds = Math.floor(this.raw / RAW_PER_SECOND);
    const fraction = String(this.raw % RAW_PER_SECOND).padStart(5, '0');
    return `${isoSeconds(wholeSeconds)}.${fraction}0`;
  }

  /** Whole seconds, rounded up: what Last-Modified says. */
  get ceilSeconds(): number {
    return Math.ceil(this.raw / RAW_PER_SECOND);
  }

  /** `Tue, 14 Nov 2023 22:13:20 GMT`, rounded up. */
  get httpDate(): string {
    return new Date(this.ceilSeconds * 1000).toUTCString();
  }

  /** Negative, 0 or positive; the order of the internal texts. */
  compare(other: Timestamp): number {
    if (this.raw !== other.raw) return this.raw - other.raw;
    return this.offset === other.offset ? 0 : this.offset < other.offset ? -1 : 1;
  }

  isAfter(other: Timestamp): boolean {
    return this.compare(other) > 0;
  }

  equals(other: Timestamp): boolean {
    return this.compare(other) === 0;
  }

  /** The inverse, for names that sort newest first. */
  invert(): Timestamp {
    if (this.offset === 0n) return new Timestamp(MAX_RAW - 1 - this.raw);
    return new Timestamp(MAX_RAW - 2 - this.raw, MAX_OFFSET - this.offset);
  }

  toString(): string {
    return this.internal;
  }
}

const DAY_SECONDS = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));

let isoDay = -1;
let isoDate = '';

/** `2023-11-14T22:13:20` of whole seconds since 1970. Listings show thousands of these, most of them of few days. */
export function isoSeconds(wholeSeconds: number): string {
  const day = Math.floor(wholeSeconds / DAY_SECONDS);
  if (day !== isoDay) {
    isoDate = new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
    isoDay = day;
  }
  const seconds = wholeSeconds - day * DAY_SECONDS;
  const minutes = Math.floor(seconds / 60);
  return `${isoDate}T${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`;
}

function formatRaw(raw: number): string {
  const digits = String(raw).padStart(15, '0');
  return `${digits.slice(0, -5)}.${digits.slice(-5)}`;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The newest of some timestamps; zero for none. */
export function newest(timestamps: Iterable<Timestamp>): Timestamp {
  let best = Timestamp.ZERO;
  for (const timestamp of timestamps) if (timestamp.isAfter(best)) best = timestamp;
  return best;
}

/**
 * The encoded triple of a container row or a `.meta` name: `t1[±Δ2[±Δ3]]`, deltas in signed hex of raw units. Deltas are left out
 * when all are zero unless `explicit`. Offsets of t2 and t3 are lost.
 */
export function encodeTimestamps(t1: Timestamp, t2?: Timestamp, t3?: Timestamp, explicit = false): string {
  const deltas: number[] = [];
  if (t2 !== undefined) {
    deltas.push(t2.raw - t1.raw);
    if (t3 !== undefined) deltas.push(t3.raw - t2.raw);
  } else if (t3 !== undefined) {
    deltas.push(0, t3.raw - t1.raw);
  }
  if (!explicit && deltas.every((delta) => delta === 0)) return t1.short;
  return t1.short + deltas.map((delta) => `${delta < 0 ? '-' : '+'}${Math.abs(delta).toString(16)}`).join('');
}

/**
 * The three times of an encoded triple. Missing ones equal the one before; with `explicit` they are undefined.
 * A zero delta keeps the one before with its offset. Throws TimestampError.
 */
export function decodeTimestamps(
  text: string,
  explicit: true,
): [Timestamp, Timestamp | undefined, Timestamp | undefined];
export function decodeTimestamps(text: string, explicit?: false): [Timestamp, Timestamp, Timestamp];
export function decodeTimestamps(
  text: string,
  explicit = false,
): [Timestamp, Timestamp | undefined, Timestamp | undefined] {
  const first = /^[^+-]*/.exec(text)?.[0] ?? '';
  const t1 = Timestamp.parse(first);
  const rest = text.slice(first.length);
  if (rest === '') return explicit ? [t1, undefined, undefined] : [t1, t1, t1];
  if (!/^([+-][0-9a-fA-F]+){1,2}$/.test(rest)) throw new TimestampError(text);
  const [delta2, delta3] = (rest.match(/[+-][0-9a-fA-F]+/g) as string[]).map((delta) => parseInt(delta, 16));
  const t2 = shifted(t1, delta2 as number);
  if (delta3 === undefined) return [t1, t2, explicit ? undefined : t2];
  return [t1, t2, shifted(t2, delta3)];
}

function shifted(from: Timestamp, delta: number): Timestamp {
  return delta === 0 ? from : new Timestamp(from.raw + delta);
}

/** Delete-at time in canonical text: clamped to 0..9999999999.99999 and cut to whole seconds, ten digits. */
export function normalizeDeleteAt(seconds: number): string {
  const clamped = Math.min(Math.max(seconds, 0), 9999999999.99999);
  return String(Math.trunc(clamped)).padStart(10, '0');
}
