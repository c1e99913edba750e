/** Makes answers of two runs comparable: times near now, ids and addresses become placeholders; everything else stays exact. */

import { hash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import type { RawAnswer } from './raw-client.ts';
import type { Context, RecordedAnswer, RecordedBody } from './runner.ts';
import type { Step } from './scenario.ts';

/** What a run takes, and what servers may be apart. Times farther off were chosen by the scenario, and are compared. */
const NEAR_SEC = 3_600;
/** Larger bodies are recorded by their digest. */
const LARGEST_TEXT = 20_000;
/** How a connection goes on is not the answer's meaning. */
const LEFT_OUT = new Set(['connection', 'keep-alive', 'proxy-connection']);
const COUNTDOWNS = new Set(['x-auth-token-expires']);
/** Lists whose order is that of a Python set: another in every process. */
const SETS = new Set(['allow', 'access-control-allow-methods', 'access-control-expose-headers']);

export class Normalizer {
  readonly #host: string;
  readonly #context: Context;
  readonly #boundaries = new Set<string>();

  constructor(port: number, context: Context) {
    this.#host = `127.0.0.1:${port}`;
    this.#context = context;
  }

  answer(request: string, step: Step, answer: RawAnswer): RecordedAnswer {
    for (const [name, value] of answer.headers) if (name.toLowerCase() === 'content-type') this.#noteBoundary(value);
    return {
      request: this.#text(request),
      ...(answer.interim.length > 0 && { interim: answer.interim }),
      status: answer.status,
      headers: this.#headers(answer.headers),
      ...(answer.cut && { cut: true as const }),
      body: this.#body(answer.body, step.json === true),
    };
  }

  #noteBoundary(contentType: string): void {
    const boundary = /^multipart\/byteranges;\s*boundary=([0-9a-zA-Z]+)$/.exec(contentType)?.[1];
    if (boundary !== undefined) this.#boundaries.add(boundary);
  }

  #headers(headers: RawAnswer['headers']): Record<string, string | string[]> {
    const all: Record<string, string | string[]> = {};
    const shown = headers.filter(([name]) => !LEFT_OUT.has(name.toLowerCase()));
    for (const [name, value] of shown.toSorted(([a], [b]) => compareText(a, b))) {
      const text = this.#headerText(name.toLowerCase(), value);
      const before = all[name];
      all[name] = before === undefined ? text : [before, text].flat();
    }
    return all;
  }

  #headerText(name: string, value: string): string {
    if (COUNTDOWNS.has(name)) return value.replace(/^\d+$/, '<seconds>');
    if (SETS.has(name)) return value.split(', ').toSorted(compareText).join(', ');
    return this.#text(value);
  }

  #body(body: Buffer, isJson: boolean): RecordedBody {
    if (body.length > LARGEST_TEXT) return { bytes: body.length, sha256: hash('sha256', body) };
    if (!isUtf8(body) || /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(body.toString()))
      return this.#boundaries.size > 0
        ? lines(this.#text(body.toString('latin1')))
        : { base64: body.toString('base64') };
    const text = this.#text(body.toString());
    return isJson ? parsed(text) : lines(text);
  }

  #text(text: string): string {
    let out = text;
    for (const [value, name] of this.#context.hidden) out = out.replaceAll(value, `<${name}>`);
    for (const boundary of this.#boundaries) out = out.replaceAll(boundary, '<boundary>');
    return out
      .replaceAll(this.#context.a, '{a}')
      .replaceAll(this.#context.c, '{c}')
      .replaceAll(this.#host, '<host>')
      .replace(/tx[0-9a-f]{21}-[0-9a-f]{10}/g, '<trans-id>')
      .replace(/AUTH_tk[0-9a-f]{32}/g, '<token>')
      .replace(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, (date) =>
        this.#near(Date.parse(date) / 1000, date, '<http-date>'),
      )
      .replace(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z?)/g, (date, whole: string, fraction = '', zone = '') =>
        this.#near(Date.parse(`${whole}Z`) / 1000, date, `<iso-date${digits(fraction as string)}${zone as string}>`),
      )
      .replace(/\b(\d{10})(\.\d{5})?(_[0-9a-f]{16})?\b/g, (time, seconds: string, fraction = '', offset = '') =>
        this.#near(Number(seconds), time, `<timestamp${digits(fraction as string)}${offset as string}>`),
      );
  }

  #near(sec: number, text: string, placeholder: string): string {
    return Math.abs(sec - this.#context.nowSec) < NEAR_SEC ? placeholder : text;
  }
}

/** `.123456` as `.ffffff`: how many digits there are is part of the format. */
function digits(fraction: string): string {
  return fraction.replaceAll(/\d/g, 'f');
}

function lines(text: string): string | string[] {
  const all = text.split(/(?<=\n)/);
  return all.length > 1 ? all : text;
}

function parsed(text: string): RecordedBody {
  try {
    return { json: sorted(JSON.parse(text)) };
  } catch {
    return lines(text);
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => compareText(a, b));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
