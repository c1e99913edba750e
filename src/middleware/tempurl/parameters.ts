/** The parameters of a temporary URL. */

import { bytesFromNative, formatQuery, isValidUtf8, unquote } from '../../middleware-api.ts';
import { parseExpiry } from './expiry.ts';

/** As the client gave them, native text; what is not there is undefined. */
export interface TempUrlParameters {
  readonly signature: string | undefined;
  /** Seconds since 1970; 0 for what is no time. */
  readonly expires: bigint | undefined;
  readonly prefix: string | undefined;
  readonly filename: string | undefined;
  readonly inline: boolean;
  readonly addressRange: string | undefined;
}

/** Any of `temp_url` percent-encoded: letters and underscore. */
const ENCODED_NAME = /%(5f|[67][0-9a-f])/i;

/** Parameters of a query that is that of a temporary URL, undefined for any other. Of a repeated parameter the first counts. */
export function tempUrlParameters(queryString: string): TempUrlParameters | undefined {
  if (queryString === '' || !(queryString.includes('temp_url_') || ENCODED_NAME.test(queryString))) return undefined;
  const given = firstValues(queryString);
  const [signature, expires] = [given.get('temp_url_sig'), given.get('temp_url_expires')];
  if (signature === undefined && expires === undefined) return undefined;
  return {
    signature,
    expires: expires === undefined ? undefined : (parseExpiry(expires) ?? 0n),
    prefix: given.get('temp_url_prefix'),
    filename: given.get('filename'),
    inline: given.has('inline'),
    addressRange: given.get('temp_url_ip_range'),
  };
}

function firstValues(queryString: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of queryString.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (!values.has(name)) values.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return values;
}

/** Bytes that are not UTF-8 become U+FFFD: no name signed has them, and a file's name is to be shown. */
function decode(text: string): string {
  const native = unquote(text.replaceAll('+', ' '));
  return isValidUtf8(native) ? native : bytesFromNative(native).toString('utf8');
}

/** What the rest of the pipeline sees of the query: nothing that the signature does not cover may change what is done. */
export function coveredQuery(signatureHex: string, expires: bigint, { prefix, filename }: TempUrlParameters): string {
  const params: [string, string][] = [
    ['temp_url_sig', signatureHex],
    ['temp_url_expires', String(expires)],
  ];
  if (prefix !== undefined) params.push(['temp_url_prefix', prefix]);
  if (filename !== undefined && filename !== '') params.push(['filename', filename]);
  return formatQuery(params);
}
