/**
 * Limits on names, metadata and bodies that the proxy and the storage servers share, with Swift's texts. Each check returns the
 * refusal, or undefined when there is nothing to refuse.
 */

import type { Constraints } from '../common/constraints.ts';
import { integerValue } from '../common/python-integer.ts';
import { isTrueValue, isValidUtf8, nativeFromWire } from '../common/text.ts';
import { normalizeDeleteAt } from '../common/timestamp.ts';
import { type Headers, titleName } from './headers.ts';
import { HttpError } from './response.ts';

/** User metadata of a PUT or POST: names and values, one by one and altogether. Lengths are in bytes of UTF-8. */
export function checkMetadata(
  headers: Headers,
  target: 'account' | 'container' | 'object',
  constraints: Constraints,
): HttpError | undefined {
  const prefix = `x-${target}-meta-`;
  let count = 0;
  let sizeBytes = 0;
  const faultOf = (value: string, header: string): string | undefined => {
    if (value.length > constraints.max_header_size) {
      return `Header value too long: ${titledNative(header.slice(0, constraints.max_meta_name_length))}`;
    }
    if (!header.startsWith(prefix)) return undefined;
    const name = header.slice(prefix.length);
    if (name === '') return 'Metadata name cannot be empty';
    if (target !== 'object' && !(isUtf8Wire(name) && isUtf8Wire(value))) return 'Metadata must be valid UTF-8';
    count += 1;
    sizeBytes += name.length + value.length;
    return overLimit(prefix, header, value, count, sizeBytes, constraints);
  };
  let fault: string | undefined;
  headers.forEach((value, header) => (fault ??= faultOf(value, header)));
  return fault === undefined ? undefined : refusal(400, fault);
}

function overLimit(
  prefix: string,
  header: string,
  value: string,
  count: number,
  sizeBytes: number,
  constraints: Constraints,
): string | undefined {
  const { max_meta_name_length, max_meta_value_length, max_meta_count, max_meta_overall_size } = constraints;
  if (header.length - prefix.length > max_meta_name_length) {
    return `Metadata name too long: ${prefix}${titledNative(header).slice(prefix.length)}`;
  }
  if (value.length > max_meta_value_length) {
    return `Metadata value longer than ${max_meta_value_length}: ${prefix}${titledNative(header).slice(prefix.length)}`;
  }
  if (count > max_meta_count) return `Too many metadata items; max ${max_meta_count}`;
  if (sizeBytes > max_meta_overall_size) return `Total metadata too large; max ${max_meta_overall_size}`;
  return undefined;
}

/**
 * All that a PUT of an object must meet before its body is looked at. `object` is native text. X-Delete-After in `headers` is turned
 * into X-Delete-At; `nowSeconds` is what delete times are held against.
 */
export function checkObjectCreation(
  headers: Headers,
  object: string,
  constraints: Constraints,
  nowSeconds: number,
): HttpError | undefined {
  const length = messageLength(headers);
  if (length instanceof HttpError) return length;
  if (length !== null && length > constraints.max_file_size) return refusal(413, 'Your request is too large.');
  if (length === null && headers.get('transfer-encoding')?.toLowerCase() !== 'chunked') {
    return refusal(411, 'Missing Content-Length header.');
  }
  // Characters, not bytes; a byte that is not UTF-8 counts as one.
  const nameLength = [...object].length;
  if (nameLength > constraints.max_object_name_length) {
    return refusal(400, `Object name length of ${nameLength} longer than ${constraints.max_object_name_length}`);
  }
  const deleteFault = checkDeleteHeaders(headers, nowSeconds);
  if (deleteFault !== undefined) return deleteFault;
  const contentType = headers.get('content-type') ?? '';
  if (contentType === '' || !isUtf8Wire(contentType)) return refusal(400, 'Invalid Content-Type');
  return checkMetadata(headers, 'object', constraints);
}

/** Bytes that the body will have, null for a chunked or missing body, or the refusal of headers that do not tell. */
export function messageLength(headers: Headers): number | null | HttpError {
  const encoding = headers.get('transfer-encoding');
  if (encoding !== undefined && encoding !== '') {
    if (encoding.includes(',')) {
      return refusal(501, 'Unsupported Transfer-Coding header value specified in Transfer-Encoding header');
    }
    return encoding.toLowerCase() === 'chunked' ? null : refusal(400, 'Invalid Transfer-Encoding header value');
  }
  const length = headers.get('content-length');
  if (length === undefined || length === '') return null;
  return /^\d+$/.test(length) ? Number(length) : refusal(400, 'Invalid Content-Length header value');
}

/** X-Delete-After becomes X-Delete-At; neither may lie in the past, except for replication. */
export function checkDeleteHeaders(headers: Headers, nowSeconds: number): HttpError | undefined {
  const after = headers.get('x-delete-after');
  if (after !== undefined) {
    const seconds = integerValue(after);
    if (seconds === undefined) return refusal(400, 'Non-integer X-Delete-After');
    const deleteAt = normalizeDeleteAt(nowSeconds + seconds);
    if (Number(deleteAt) <= nowSeconds) return refusal(400, 'X-Delete-After in past');
    headers.set('x-delete-at', deleteAt);
    headers.delete('x-delete-after');
  }
  const at = headers.get('x-delete-at');
  if (at === undefined) return undefined;
  const seconds = integerValue(at);
  if (seconds === undefined) return refusal(400, 'Non-integer X-Delete-At');
  if (Number(normalizeDeleteAt(seconds)) <= nowSeconds && !isTrueValue(headers.get('x-backend-replication'))) {
    return refusal(400, 'X-Delete-At in past');
  }
  return undefined;
}

function isUtf8Wire(wire: string): boolean {
  return isValidUtf8(nativeFromWire(wire));
}

/** Spelling of a header name in a text, as native text: error texts are sent as UTF-8. */
function titledNative(name: string): string {
  return nativeFromWire(titleName(name));
}

/** text/plain without a charset, as Swift's servers send their refusals. */
function refusal(status: number, text: string): HttpError {
  return new HttpError(status, text, { 'content-type': 'text/plain' });
}
