/**
 * A PUT whose body is a MIME message: the object's bytes, then metadata that was known only after them. Only the single phase
 * that replication policies use. Source: spec swift-formats 5.3.
 */

import { hash } from 'node:crypto';
import { isTrueValue } from '../common/text.ts';
import { type BodyStream, bodyStream, iterateBody, readAll } from '../http/body.ts';
import { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { HttpError } from '../http/response.ts';
import { htmlError } from '../http/storage-server.ts';
import { MimeReader } from './mime-reader.ts';

/** Far more than metadata limits allow. */
const LONGEST_FOOTER_BYTES = 1 << 20;

export class MimePut {
  /** X-Backend-Obj-Content-Length, when the proxy knows it. */
  readonly sizeBytes: number | null;
  /** What the 100 says, so that the proxy knows that footers are understood. */
  readonly continueHeaders: Headers = new Headers({ 'x-obj-metadata-footer': 'yes' });
  readonly objectBody: BodyStream;
  readonly #reader: MimeReader;

  private constructor(reader: MimeReader, sizeBytes: number | null) {
    this.#reader = reader;
    this.sizeBytes = sizeBytes;
    this.objectBody = new PartBody(reader);
  }

  /**
   * The MIME message that a request announces, or undefined for a plain body. Throws HttpError 400 without a usable boundary and 503
   * when it asks for the two-phase commit of erasure coding.
   */
  static of(req: SwiftRequest): MimePut | undefined {
    const { headers } = req;
    if (isTrueValue(headers.get('x-backend-obj-multiphase-commit'))) {
      throw htmlError(503, 'Two-phase commit is for erasure coding policies, which this server does not serve');
    }
    if (!isTrueValue(headers.get('x-backend-obj-metadata-footer'))) return undefined;
    const boundary = headers.get('x-backend-obj-multipart-mime-boundary') ?? '';
    if (boundary === '') throw htmlError(400, 'no MIME boundary');
    const length = headers.get('x-backend-obj-content-length');
    if (length !== undefined && !/^\d+$/.test(length)) throw new HttpError(400);
    return new MimePut(new MimeReader(bodyStream(req.body), boundary), length === undefined ? null : Number(length));
  }

  /** Reads up to the object's first byte. Throws HttpError 400. */
  async begin(): Promise<void> {
    if ((await this.#reader.nextPart()) === undefined) throw htmlError(400, "couldn't find object body MIME doc");
  }

  /** The footers, after the object's body was read. Throws HttpError: 400 for a message that breaks the rules, 422 for a bad checksum. */
  async readFooters(): Promise<Headers> {
    const part = await this.#reader.nextPart();
    if (part === undefined) throw htmlError(400, "couldn't find footer MIME doc");
    const json = await readFooter(new PartBody(this.#reader));
    const md5 = part.get('content-md5');
    if (md5 === undefined) throw htmlError(400, 'no Content-MD5 in footer');
    if (md5 !== hash('md5', json, 'hex')) throw htmlError(422, 'footer MD5 mismatch');
    const footers = parseFooters(json.toString('utf8'));
    await this.#reader.drain();
    return footers;
  }
}

async function readFooter(body: BodyStream): Promise<Buffer> {
  try {
    return await readAll(body, LONGEST_FOOTER_BYTES);
  } catch (error) {
    if (error instanceof RangeError) throw htmlError(400, 'footer is too long');
    throw error;
  }
}

function parseFooters(json: string): Headers {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw htmlError(400, 'invalid JSON for footer doc');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw htmlError(400, 'invalid JSON for footer doc');
  }
  const footers = new Headers();
  for (const [name, field] of Object.entries(value)) {
    if (typeof field !== 'string') throw htmlError(400, 'invalid JSON for footer doc');
    footers.set(name, field);
  }
  return footers;
}

/** The part that the reader is in, as a body. Closing it leaves the rest of the message alone. */
class PartBody implements BodyStream {
  readonly #reader: MimeReader;

  constructor(reader: MimeReader) {
    this.#reader = reader;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    return this.#reader.readPart();
  }

  close(): void {}

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}
