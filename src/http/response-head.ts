import {
  type Framing,
  framingOf,
  type HeadLimits,
  HeadParser,
  hasToken,
  type KnownNames,
  ProtocolError,
} from './head-parser.ts';
import type { Headers } from './headers.ts';

export interface ResponseHead {
  status: number;
  reason: string;
  httpVersion: '1.0' | '1.1';
  headers: Headers;
  framing: Framing;
  /** The server will take another request on the connection. */
  keepAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?$/;

const knownNames: KnownNames = new Map();
const knownLaxNames: KnownNames = new Map();

/** Reads the heads of answers, interim ones too, one after the other. */
export class ResponseHeadParser extends HeadParser<ResponseHead> {
  #httpVersion: '1.0' | '1.1' = '1.1';
  #status = 0;
  #reason = '';

  constructor(limits: HeadLimits, laxNames = false) {
    super(limits, laxNames ? knownLaxNames : knownNames, laxNames);
  }

  protected override startLine(line: string): void {
    const match = STATUS_LINE.exec(line);
    if (match === null) throw new ProtocolError(502, 'malformed status line');
    this.#httpVersion = match[1] === '1' ? '1.1' : '1.0';
    this.#status = Number(match[2]);
    this.#reason = match[3] ?? '';
  }

  protected override startLineTooLong(): ProtocolError {
    return new ProtocolError(502, 'status line too long');
  }

  protected override finish(headers: Headers): ResponseHead {
    const connection = headers.get('connection');
    return {
      status: this.#status,
      reason: this.#reason,
      httpVersion: this.#httpVersion,
      headers,
      framing: framingOf(headers),
      keepAlive: this.#httpVersion === '1.1' ? !hasToken(connection, 'close') : hasToken(connection, 'keep-alive'),
    };
  }
}
