import {
  PickleArray,
  PickleError,
  PickleFloat,
  PickleHeaderKeyDict,
  PickleTuple,
  type PickleDict,
  type PickleValue,
} from './pickle-values.ts';

const CODECS_ENCODE = '_codecs\nencode\n';
const BUILTIN_BYTES = '__builtin__\nbytes\n';
const BUILTIN_DICT = '__builtin__\ndict\n';
const RECONSTRUCTOR = 'copy_reg\n_reconstructor\n';
const HEADER_KEY_DICT = 'swift.common.header_key_dict\nHeaderKeyDict\n';

const ARRAY = 'array\narray\n';
/** By width in bytes. */
const ARRAY_CODES: Readonly<Record<number, string>> = { 1: 'B', 2: 'H', 4: 'I' };

/** What both protocols share: the walk over a value, the memo, growing output. */
export abstract class PickleWriter {
  protected out: Buffer = Buffer.allocUnsafe(1024);
  protected length = 0;
  protected memoSize = 0;
  readonly #memo = new Map<unknown, number>();

  protected abstract header(): void;
  protected abstract memoPut(index: number): void;
  protected abstract memoGet(index: number): void;
  protected abstract writeNumber(value: number | bigint): void;
  protected abstract writeFloat(value: number): void;
  protected abstract writeBoolean(value: boolean): void;
  protected abstract writeText(value: string): void;
  protected abstract writeTuple(items: readonly PickleValue[]): void;
  protected abstract writeList(items: readonly PickleValue[]): void;
  protected abstract writeDict(dict: PickleDict): void;

  dump(value: PickleValue): Buffer {
    this.header();
    this.write(value);
    return this.end();
  }

  protected end(): Buffer {
    this.ascii('.');
    return Buffer.from(this.out.subarray(0, this.length));
  }

  protected write(value: PickleValue): void {
    if (value === null) this.ascii('N');
    else if (typeof value === 'string') this.writeText(value);
    else if (typeof value === 'boolean') this.writeBoolean(value);
    else if (typeof value === 'bigint') this.writeNumber(value);
    else if (typeof value === 'number') {
      if (Number.isInteger(value)) this.writeNumber(value);
      else this.writeFloat(value);
    } else this.writeObject(value);
  }

  protected writeObject(value: Exclude<PickleValue, null | string | boolean | bigint | number>): void {
    if (value instanceof PickleFloat) this.writeFloat(value.value);
    else if (this.known(value)) return;
    else if (value instanceof PickleArray) this.#writeArray(value);
    else if (value instanceof PickleHeaderKeyDict) this.writeHeaderKeyDict(value);
    else if (value instanceof Map) this.writeDict(value);
    else if (value instanceof PickleTuple) {
      this.writeTuple(value.items);
      if (value.items.length > 0) this.remember(value);
    } else if (value instanceof Uint8Array) {
      this.writeBytes(Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1'));
      this.remember(value);
    } else if (Array.isArray(value)) this.writeList(value);
    else throw new PickleError(`cannot pickle ${typeof value}`);
  }

  /** Bytes in protocols below 3 are a call: encode(latin-1 text, 'latin1'), or bytes() when there are none. */
  protected writeBytes(latin1: string): void {
    if (latin1 === '') {
      this.writeGlobal(BUILTIN_BYTES);
      this.writeTuple([]);
    } else {
      this.writeGlobal(CODECS_ENCODE);
      this.writeArguments(() => {
        this.writeText(latin1);
        this.writeConstant('latin1');
      });
      this.memoPut(this.memoSize++);
    }
    this.ascii('R');
  }

  /** A tuple of two whose items `write` puts out. */
  protected abstract writeArguments(write: () => void): void;

  /** A text that CPython holds once, so that it is written once. */
  protected writeConstant(text: string): void {
    const key = `text ${text}`;
    if (this.known(key)) return;
    this.writeText(text);
    this.#memo.set(key, this.memoSize - 1);
  }

  protected writeGlobal(name: string): void {
    if (this.known(name)) return;
    this.ascii(`c${name}`);
    this.remember(name);
  }

  protected writeHeaderKeyDict(dict: PickleHeaderKeyDict): void {
    this.writeGlobal(RECONSTRUCTOR);
    this.ascii('(');
    this.writeGlobal(HEADER_KEY_DICT);
    this.writeGlobal(BUILTIN_DICT);
    this.writeDict(new Map(dict));
    this.ascii('t');
    this.memoPut(this.memoSize++);
    this.ascii('R');
    this.remember(dict);
  }

  /** A call: array(type code, list of numbers). */
  #writeArray(array: PickleArray): void {
    this.writeGlobal(ARRAY);
    this.writeArguments(() => {
      this.writeConstant(ARRAY_CODES[array.values.BYTES_PER_ELEMENT] as string);
      this.writeList(Array.from(array.values));
    });
    this.memoPut(this.memoSize++);
    this.ascii('R');
    this.remember(array);
  }

  protected known(value: unknown): boolean {
    const index = this.#memo.get(value);
    if (index === undefined) return false;
    this.memoGet(index);
    return true;
  }

  protected remember(value: unknown): void {
    this.#memo.set(value, this.memoSize);
    this.memoPut(this.memoSize++);
  }

  protected reserve(bytes: number): number {
    if (this.length + bytes > this.out.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.length + bytes));
      this.out.copy(grown, 0, 0, this.length);
      this.out = grown;
    }
    const at = this.length;
    this.length += bytes;
    return at;
  }

  protected ascii(text: string): void {
    const at = this.reserve(text.length);
    this.out.write(text, at, 'latin1');
  }

  protected byte(value: number): void {
    const at = this.reserve(1); // may replace `out`
    this.out[at] = value;
  }
}
