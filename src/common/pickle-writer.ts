import { encodeRawUnicodeEscape, encodeSurrogatePass } from './pickle-text.ts';
import {
  PickleError,
  PickleFloat,
  PickleHeaderKeyDict,
  PickleTuple,
  type PickleDict,
  type PickleValue,
} from './pickle-values.ts';
import { isAscii } from './text.ts';

/** Swift writes protocol 2, and 0 for async_pending. */
export type PickleProtocol = 0 | 2;

const BATCH = 1000;
const CODECS_ENCODE = '_codecs\nencode\n';
const BUILTIN_BYTES = '__builtin__\nbytes\n';
const BUILTIN_DICT = '__builtin__\ndict\n';
const RECONSTRUCTOR = 'copy_reg\n_reconstructor\n';
const HEADER_KEY_DICT = 'swift.common.header_key_dict\nHeaderKeyDict\n';

/**
 * Pickles a value byte for byte as CPython does (memo entries included), apart from strings: one that occurs twice is always written
 * twice. Throws PickleError for what has no form, such as undefined.
 */
export function writePickle(value: PickleValue, protocol: PickleProtocol = 2): Buffer {
  const writer = protocol === 0 ? new TextPickleWriter() : new BinaryPickleWriter();
  return writer.dump(value);
}

/**
 * Protocol 2 pickle of a dict of bytes, in the spelling that Swift's metadata reader looks for. Keys and values are given as the
 * text whose UTF-8 bytes shall be stored.
 */
export function writeBytesDict(entries: Iterable<readonly [string, string | number | Uint8Array]>): Buffer {
  return new BinaryPickleWriter().dumpBytesDict(entries);
}

/** What both protocols share: the walk over a value, the memo, growing output. */
abstract class PickleWriter {
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

class BinaryPickleWriter extends PickleWriter {
  dumpBytesDict(entries: Iterable<readonly [string, string | number | Uint8Array]>): Buffer {
    this.header();
    const pairs = [...entries];
    this.ascii('}');
    this.memoPut(this.memoSize++);
    this.#batches(pairs, 's', 'u', ([key, value]) => {
      this.#utf8Bytes(key);
      if (typeof value === 'number') this.writeNumber(value);
      else if (typeof value === 'string') this.#utf8Bytes(value);
      else this.#rawBytes(value);
    });
    return this.end();
  }

  #utf8Bytes(text: string): void {
    if (isAscii(text)) this.#bytesObject(text);
    else this.#rawBytes(encodeSurrogatePass(text));
  }

  #rawBytes(bytes: Uint8Array): void {
    this.#bytesObject(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
  }

  #bytesObject(latin1: string): void {
    this.writeBytes(latin1);
    this.memoPut(this.memoSize++);
  }

  protected override header(): void {
    this.byte(0x80);
    this.byte(2);
  }

  protected override memoPut(index: number): void {
    if (index < 256) {
      this.ascii('q');
      this.byte(index);
    } else {
      this.ascii('r');
      const at = this.reserve(4);
      this.out.writeUInt32LE(index, at);
    }
  }

  protected override memoGet(index: number): void {
    if (index < 256) {
      this.ascii('h');
      this.byte(index);
    } else {
      this.ascii('j');
      const at = this.reserve(4);
      this.out.writeUInt32LE(index, at);
    }
  }

  protected override writeNumber(value: number | bigint): void {
    const number = Number(value);
    if (number >= 0 && number < 0x100) {
      this.ascii('K');
      this.byte(number);
    } else if (number >= 0 && number < 0x10000) {
      this.ascii('M');
      const at = this.reserve(2);
      this.out.writeUInt16LE(number, at);
    } else if (number >= -0x80000000 && number < 0x80000000) {
      this.ascii('J');
      const at = this.reserve(4);
      this.out.writeInt32LE(number, at);
    } else this.#long(BigInt(value));
  }

  /** Two's complement, little-endian, in as few bytes as hold the sign. */
  #long(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (;;) {
      const low = Number(rest & 0xffn);
      bytes.push(low);
      rest >>= 8n;
      if ((rest === 0n && low < 0x80) || (rest === -1n && low >= 0x80)) break;
    }
    if (bytes.length > 255) throw new PickleError('integer is too long');
    this.byte(0x8a);
    this.byte(bytes.length);
    for (const byte of bytes) this.byte(byte);
  }

  protected override writeFloat(value: number): void {
    this.ascii('G');
    const at = this.reserve(8);
    this.out.writeDoubleBE(value, at);
  }

  protected override writeBoolean(value: boolean): void {
    this.byte(value ? 0x88 : 0x89);
  }

  protected override writeText(value: string): void {
    if (isAscii(value)) {
      this.ascii('X');
      const at = this.reserve(4);
      this.out.writeUInt32LE(value.length, at);
      this.ascii(value);
    } else {
      const bytes = encodeSurrogatePass(value);
      this.ascii('X');
      const at = this.reserve(4 + bytes.length);
      this.out.writeUInt32LE(bytes.length, at);
      this.out.set(bytes, at + 4);
    }
    this.memoPut(this.memoSize++);
  }

  protected override writeArguments(write: () => void): void {
    write();
    this.byte(0x86);
  }

  protected override writeTuple(items: readonly PickleValue[]): void {
    if (items.length === 0) this.ascii(')');
    else if (items.length <= 3) {
      for (const item of items) this.write(item);
      this.byte(0x84 + items.length);
    } else {
      this.ascii('(');
      for (const item of items) this.write(item);
      this.ascii('t');
    }
  }

  protected override writeList(items: readonly PickleValue[]): void {
    this.ascii(']');
    this.remember(items);
    this.#batches(items, 'a', 'e', (item) => this.write(item));
  }

  protected override writeDict(dict: PickleDict): void {
    this.ascii('}');
    this.remember(dict);
    this.#batches([...dict], 's', 'u', ([key, value]) => {
      this.write(key);
      this.write(value);
    });
  }

  #batches<T>(items: readonly T[], single: string, many: string, write: (item: T) => void): void {
    if (items.length === 1) {
      write(items[0] as T);
      this.ascii(single);
      return;
    }
    for (let from = 0; from < items.length; from += BATCH) {
      this.ascii('(');
      for (const item of items.slice(from, from + BATCH)) write(item);
      this.ascii(many);
    }
  }
}

class TextPickleWriter extends PickleWriter {
  protected override header(): void {
    // Protocol 0 has none.
  }

  protected override memoPut(index: number): void {
    this.ascii(`p${index}\n`);
  }

  protected override memoGet(index: number): void {
    this.ascii(`g${index}\n`);
  }

  protected override writeNumber(value: number | bigint): void {
    const isShort = value >= -0x80000000 && value < 0x80000000;
    this.ascii(isShort ? `I${value}\n` : `L${BigInt(value)}L\n`);
  }

  protected override writeFloat(value: number): void {
    const text = Number.isInteger(value) ? `${value}.0` : String(value);
    this.ascii(`F${text}\n`);
  }

  protected override writeBoolean(value: boolean): void {
    this.ascii(value ? 'I01\n' : 'I00\n');
  }

  protected override writeText(value: string): void {
    this.ascii(`V${encodeRawUnicodeEscape(value)}\n`);
    this.memoPut(this.memoSize++);
  }

  protected override writeArguments(write: () => void): void {
    this.ascii('(');
    write();
    this.ascii('t');
  }

  protected override writeTuple(items: readonly PickleValue[]): void {
    this.ascii('(');
    for (const item of items) this.write(item);
    this.ascii('t');
  }

  protected override writeList(items: readonly PickleValue[]): void {
    this.ascii('(l');
    this.remember(items);
    for (const item of items) {
      this.write(item);
      this.ascii('a');
    }
  }

  protected override writeDict(dict: PickleDict): void {
    this.ascii('(d');
    this.remember(dict);
    for (const [key, value] of dict) {
      this.write(key);
      this.write(value);
      this.ascii('s');
    }
  }
}
