import { encodeSurrogatePass } from './pickle-text.ts';
import { PickleError, type PickleDict, type PickleValue } from './pickle-values.ts';
import { PickleWriter } from './pickle-walk.ts';
import { isAscii } from './text.ts';

/** CPython's size of one run of items. */
const BATCH = 1000;

/** Protocol 2. */
export class BinaryPickleWriter extends PickleWriter {
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
    // CPython holds bytes of length 0 and 1 once, so that a second one is a reference.
    if (latin1.length > 1) {
      this.writeBytes(latin1);
      this.memoPut(this.memoSize++);
    } else {
      const key = `bytes ${latin1}`;
      if (this.known(key)) return;
      this.writeBytes(latin1);
      this.remember(key);
    }
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
