/** The attributes of a form that are no files: what the form's maker signed, and how files are to be stored. */

import { bigIntegerValue, HttpError, nativeFromBytes } from '../../middleware-api.ts';
import type { FormReader } from './form-reader.ts';

/** What is longer is cut. */
const LONGEST_VALUE_BYTES = 4096;
/** Of all names and values together, so that a form does not fill the memory. */
const LARGEST_FIELDS_BYTES = 1024 * 1024;

export class FormFields {
  readonly #values = new Map<string, string>();
  #sizeBytes = 0;

  /** Native text; undefined when the form has no such attribute before its first file. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Reads the part that `form` is at. Throws HttpError 400 when the attributes are too many. */
  async add(name: string | undefined, form: FormReader): Promise<void> {
    const chunks: Buffer[] = [];
    let missing = LONGEST_VALUE_BYTES;
    for (let bytes = await form.read(); bytes !== null; bytes = await form.read()) {
      if (missing > 0) chunks.push(Buffer.from(bytes.subarray(0, missing)));
      missing -= bytes.length;
    }
    if (name === undefined) return;
    const value = nativeFromBytes(Buffer.concat(chunks)).replace(/[\r\n-]+$/, '');
    this.#sizeBytes += name.length + value.length;
    if (this.#sizeBytes > LARGEST_FIELDS_BYTES) throw new HttpError(400, 'FormPost: too many attributes');
    this.#values.set(name.toLowerCase(), value);
  }

  /** An integer, 0 when it is missing or empty. Throws HttpError 400 with `fault`. */
  integer(name: string, fault: string): bigint {
    return this.optionalInteger(name, fault, '0') as bigint;
  }

  /** As `integer`; undefined when it is missing. */
  optionalInteger(name: string, fault: string, ifEmpty = ''): bigint | undefined {
    const text = this.#values.get(name) ?? (ifEmpty === '' ? undefined : ifEmpty);
    if (text === undefined) return undefined;
    const value = bigIntegerValue(text === '' ? ifEmpty : text);
    if (value === undefined) throw new HttpError(400, `FormPost: ${fault}`);
    return value;
  }
}
