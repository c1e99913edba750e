/** The head of one part of a form. */

import { isValidUtf8, nativeFromBytes } from '../../middleware-api.ts';

export interface Disposition {
  /** `form-data` */
  readonly value: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const HEADER_LINE = /^([\x21-\x39\x3b-\x7e]+):[ \t]*(.*)$/s;
const ATTRIBUTE = /^([\p{L}\p{N}_]+)=("[^\n]*?"|[^";]+)(; ?|$)/u;

/**
 * Header fields by name in lower case, values as native text. Of a repeated field the first counts. A line that is none ends the
 * head, as far as anybody will look at it.
 */
export function parsePartHead(bytes: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of textOf(bytes).split(/\r\n|\r|\n/)) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      // A continued value keeps its line break, which nothing that is looked for in it may have.
      if (last !== undefined) fields.set(last, `${fields.get(last) ?? ''}\n${line}`);
      continue;
    }
    const [, name, value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined) break;
    const lower = name.toLowerCase();
    last = fields.has(lower) ? undefined : lower;
    if (last !== undefined) fields.set(last, value);
  }
  return fields;
}

/** Browsers send names in UTF-8; a line that is something else is taken for Latin-1. */
function textOf(bytes: Buffer): string {
  const native = nativeFromBytes(bytes);
  if (isValidUtf8(native)) return native;
  return bytes
    .toString('latin1')
    .split('\r\n')
    .map((line) => {
      const decoded = nativeFromBytes(Buffer.from(line, 'latin1'));
      return isValidUtf8(decoded) ? decoded : line;
    })
    .join('\r\n');
}

/** Reads `form-data; name="a"; filename="b"`, up to the first attribute that has no such form. */
export function parseDisposition(text: string): Disposition {
  const semicolon = text.indexOf(';');
  if (semicolon < 0) return { value: text, attributes: new Map() };
  const attributes = new Map<string, string>();
  let rest = text.slice(semicolon + 1).trim();
  for (let match = ATTRIBUTE.exec(rest); match !== null; match = ATTRIBUTE.exec(rest)) {
    const [whole, name = '', value = ''] = match;
    attributes.set(name, value.replace(/^"+|"+$/g, ''));
    rest = rest.slice(whole.length);
  }
  return { value: text.slice(0, semicolon).trim(), attributes };
}
