import {
  type Framing,
  framingOf,
  type HeadLimits,
  HeadParser,
  hasToken,
  type KnownNames,
  malformed,
  ProtocolError,
} from './head-parser.ts';
import type { Headers } from './headers.ts';

export interface RequestHead {
  method: string;
  /** Path and query as received; an absolute target is reduced to them, with its authority as Host. Wire text. */
  target: string;
  httpVersion: '1.0' | '1.1';
  headers: Headers;
  framing: Framing;
  /** The client wants to use the connection again. */
  keepAlive: boolean;
  /** The client said so, and expects to be told. */
  keepAliveAsked: boolean;
  /** The client waits for `100 Continue` before it sends the body. */
  expectContinue: boolean;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~\x80-\xff]+) HTTP\/([0-9])\.([0-9])$/;
const ABSOLUTE = /^https?:\/\/([^/?#@]+)([/?].*)?$/i;

const FRAMING_NAMES: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

const knownNames: KnownNames = new Map();

/** Reads request heads, one after the other. */
export class RequestHeadParser extends HeadParser<RequestHead> {
  #method = '';
  #target = '';
  #httpVersion: '1.0' | '1.1' = '1.1';

  constructor(limits: HeadLimits) {
    super(limits, knownNames);
  }

  protected override startLine(line: string): void {
    const match = REQUEST_LINE.exec(line);
    if (match === null) throw malformed('request line');
    const version = `${match[3]}.${match[4]}`;
    if (version !== '1.1' && version !== '1.0') {
      throw new ProtocolError(505, `Invalid HTTP version (${version})`, 'HTTP Version Not Supported');
    }
    this.#method = match[1] as string;
    this.#target = match[2] as string;
    this.#httpVersion = version;
  }

  /**
   * An underscore is a hyphen, as in Python's servers, which keep headers as CGI does: else a name could pass a filter here that means
   * something to a storage node there. Names that decide about the message itself are refused in that form.
   */
  protected override fieldName(name: string): string {
    if (!name.includes('_')) return name;
    const hyphened = name.replaceAll('_', '-');
    if (FRAMING_NAMES.has(hyphened.toLowerCase())) throw malformed('header name');
    return hyphened;
  }

  protected override startLineTooLong(): ProtocolError {
    return new ProtocolError(414, 'Request URI Too Long');
  }

  protected override finish(headers: Headers): RequestHead {
    const framing = framingOf(headers);
    if (framing.chunked && this.#httpVersion === '1.0') throw malformed('Transfer-Encoding in HTTP/1.0');
    if (headers.get('host')?.includes(',') === true) throw malformed('more than one Host');
    const isNew = this.#httpVersion === '1.1';
    const connection = headers.get('connection');
    const keepAliveAsked = hasToken(connection, 'keep-alive');
    return {
      method: this.#method,
      target: originForm(this.#target, headers),
      httpVersion: this.#httpVersion,
      headers,
      framing,
      keepAlive: isNew ? !hasToken(connection, 'close') : keepAliveAsked,
      keepAliveAsked,
      expectContinue: isNew && headers.get('expect')?.toLowerCase() === '100-continue',
    };
  }
}

function originForm(target: string, headers: Headers): string {
  if (target.startsWith('/') || target === '*') return target;
  const match = ABSOLUTE.exec(target);
  if (match === null) throw malformed('request target');
  headers.set('host', match[1] as string);
  const rest = match[2] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}
