/**
 * The body of a PUT that carries metadata behind the data: a MIME message of two documents in one chunked body.
 * Source: spec swift-formats 5.3.
 */

import { hash, randomBytes } from 'node:crypto';
import { type Headers } from '../http/headers.ts';

/** A boundary that no data will hold: 64 hex digits. */
export function newBoundary(): string {
  return randomBytes(32).toString('hex');
}

/** Turns the headers of a plain PUT into those of a MIME PUT: its own length is unknown, the object's travels beside. */
export function setMimeHeaders(headers: Headers, boundary: string): void {
  const length = headers.get('content-length');
  if (length !== undefined) {
    headers.setDefault('x-backend-obj-content-length', length);
    headers.delete('content-length');
  }
  headers.set('transfer-encoding', 'chunked');
  headers.set('x-backend-obj-multipart-mime-boundary', boundary);
  headers.set('x-backend-obj-metadata-footer', 'yes');
}

/** What stands before the object's bytes. */
export function mimeOpening(boundary: string): Buffer {
  return Buffer.from(`--${boundary}\r\nX-Document: object body\r\n\r\n`, 'latin1');
}

/** What stands behind the object's bytes: the footers and their checksum. */
export function mimeClosing(boundary: string, footersJson: string): Buffer {
  const md5 = hash('md5', footersJson, 'hex');
  return Buffer.from(
    `\r\n--${boundary}\r\nX-Document: object metadata\r\nContent-MD5: ${md5}\r\n\r\n${footersJson}\r\n--${boundary}--\r\n`,
    'latin1',
  );
}

/** Footers as a JSON object in ASCII, names in Swift's title case, spaced as Python's `json.dumps` does. */
export function footersToJson(footers: Headers): string {
  const members = footers.toTitled().map(([name, value]) => `${jsonText(name)}: ${jsonText(value)}`);
  return `{${members.join(', ')}}`;
}

function jsonText(wire: string): string {
  return JSON.stringify(wire).replace(
    /[\x80-\xff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
