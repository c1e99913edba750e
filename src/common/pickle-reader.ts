import { decodeRawUnicodeEscape, decodeStringLiteral, decodeSurrogatePass } from './pickle-text.ts';
import { callGlobal, findGlobal, Global, type Item } from './pickle-globals.ts';
import { PickleError, PickleTuple, type PickleDict, type PickleValue } from './pickle-values.ts';
import { nativeFromBytes } from './text.ts';

export interface PickleReadOptions {
  /** How strings written by Python 2 are taken: native text from UTF-8 (the default), or bytes. */
  readonly python2Strings?: 'text' | 'bytes';
  /** Whether `array.array` may stand in it, as in ring builders; false unless given, as servers read what others sent them. */
  readonly arrays?: boolean;
}

/**
 * Reads a pickle of protocol 0 to 5, restricted as Swift's own reader is: of globals it knows `_codecs.encode`, `bytes`, `dict`,
 * `_reconstructor` and HeaderKeyDict, and calls nothing else (but arrays, where the options say so). Values: see pickle-values.ts. Throws PickleError.
 */
export function readPickle(bytes: Uint8Array, options: PickleReadOptions = {}): PickleValue {
  try {
    return new PickleReader(bytes, options).load();
  } catch (error) {
    if (error instanceof PickleError) throw error;
    throw new PickleError(`broken pickle: ${(error as Error).message}`);
  }
}

class PickleReader {
  readonly #bytes: Buffer;
  readonly #python2Bytes: boolean;
  readonly #allowsArrays: boolean;
  #at = 0;
  #stack: Item[] = [];
  readonly #marks: number[] = [];
  readonly #memo: Item[] = [];

  constructor(bytes: Uint8Array, options: PickleReadOptions) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#python2Bytes = options.python2Strings === 'bytes';
    this.#allowsArrays = options.arrays === true;
  }

  load(): PickleValue {
    for (;;) {
      const opcode = this.#byte();
      if (opcode === 0x2e) return this.#popValue();
      if (!this.#simple(opcode) && !this.#number(opcode) && !this.#text(opcode) && !this.#container(opcode)) {
        throw new PickleError(`unknown opcode 0x${opcode.toString(16)} at ${this.#at - 1}`);
      }
    }
  }

  /** Constants, marks, memo and calls. */
  #simple(opcode: number): boolean {
    switch (opcode) {
      case 0x58: // X BINUNICODE; first, as it is the commonest
        this.#stack.push(this.#utf8(this.#uint32()));
        return true;
      case 0x71: // q BINPUT
        this.#memo[this.#byte()] = this.#top();
        return true;
      case 0x68: // h BINGET
        this.#get(this.#byte());
        return true;
      case 0x86: // TUPLE2
        this.#stack.push(new PickleTuple(this.#take(2)));
        return true;
      case 0x52: // R REDUCE
        this.#reduce();
        return true;
      case 0x63: // c GLOBAL
        this.#global(this.#line(), this.#line());
        return true;
      case 0x28: // ( MARK
        this.#marks.push(this.#stack.length);
        return true;
      case 0x80: // PROTO
        if (this.#byte() > 5) throw new PickleError('unknown pickle protocol');
        return true;
      case 0x95: // FRAME
        this.#at += 8;
        return true;
      case 0x70: // p PUT
        this.#memo[this.#memoIndex(this.#line())] = this.#top();
        return true;
      case 0x72: // r LONG_BINPUT
        this.#memo[this.#memoIndex(String(this.#uint32()))] = this.#top();
        return true;
      case 0x94: // MEMOIZE
        this.#memo.push(this.#top());
        return true;
      case 0x67: // g GET
        this.#get(this.#memoIndex(this.#line()));
        return true;
      case 0x6a: // j LONG_BINGET
        this.#get(this.#uint32());
        return true;
      case 0x4e: // N NONE
        this.#stack.push(null);
        return true;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#stack.push(opcode === 0x88);
        return true;
      case 0x30: // 0 POP
        this.#top();
        this.#stack.pop();
        return true;
      case 0x81: // NEWOBJ
        this.#newObject();
        return true;
      case 0x62: // b BUILD: attributes of an object; a HeaderKeyDict has none that matter
        this.#popValue();
        this.#top();
        return true;
      case 0x93: // STACK_GLOBAL
        this.#stackGlobal();
        return true;
      default:
        return false;
    }
  }

  #number(opcode: number): boolean {
    switch (opcode) {
      case 0x4b: // K BININT1
        this.#stack.push(this.#byte());
        return true;
      case 0x4d: // M BININT2
        this.#stack.push(this.#bytes.readUInt16LE(this.#skip(2)));
        return true;
      case 0x4a: // J BININT
        this.#stack.push(this.#bytes.readInt32LE(this.#skip(4)));
        return true;
      case 0x47: // G BINFLOAT
        this.#stack.push(this.#bytes.readDoubleBE(this.#skip(8)));
        return true;
      case 0x8a: // LONG1
        this.#stack.push(this.#long(this.#byte()));
        return true;
      case 0x8b: // LONG4
        this.#stack.push(this.#long(this.#uint32()));
        return true;
      case 0x49: {
        // I INT, also the booleans of protocol 0
        const line = this.#line();
        this.#stack.push(line === '01' ? true : line === '00' ? false : decimal(line));
        return true;
      }
      case 0x4c: // L LONG
        this.#stack.push(decimal(this.#line().replace(/L$/, '')));
        return true;
      case 0x46: // F FLOAT
        this.#stack.push(Number(this.#line()));
        return true;
      default:
        return false;
    }
  }

  #text(opcode: number): boolean {
    switch (opcode) {
      case 0x56: // V UNICODE
        this.#stack.push(decodeRawUnicodeEscape(this.#line()));
        return true;
      case 0x8c: // SHORT_BINUNICODE
        this.#stack.push(this.#utf8(this.#byte()));
        return true;
      case 0x53: {
        // S STRING
        const latin1 = decodeStringLiteral(this.#line());
        if (latin1 === undefined) throw new PickleError('STRING is not quoted');
        this.#stack.push(this.#python2String(Buffer.from(latin1, 'latin1')));
        return true;
      }
      case 0x55: // U SHORT_BINSTRING
        this.#stack.push(this.#python2String(this.#slice(this.#byte())));
        return true;
      case 0x54: // T BINSTRING
        this.#stack.push(this.#python2String(this.#slice(this.#uint32())));
        return true;
      case 0x43: // C SHORT_BINBYTES
        this.#stack.push(Buffer.from(this.#slice(this.#byte())));
        return true;
      case 0x42: // B BINBYTES
        this.#stack.push(Buffer.from(this.#slice(this.#uint32())));
        return true;
      default:
        return false;
    }
  }

  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x7d: // } EMPTY_DICT
        this.#stack.push(new Map());
        return true;
      case 0x5d: // ] EMPTY_LIST
        this.#stack.push([]);
        return true;
      case 0x29: // ) EMPTY_TUPLE
        this.#stack.push(new PickleTuple([]));
        return true;
      case 0x85: // TUPLE1
      case 0x87: // TUPLE3
        this.#stack.push(new PickleTuple(this.#take(opcode - 0x84)));
        return true;
      case 0x74: // t TUPLE
        this.#stack.push(new PickleTuple(this.#toMark()));
        return true;
      case 0x6c: // l LIST
        this.#stack.push(this.#toMark());
        return true;
      case 0x64: // d DICT
        this.#stack.push(setItems(new Map(), this.#toMark()));
        return true;
      case 0x75: // u SETITEMS
      case 0x73: {
        // s SETITEM
        const items = opcode === 0x75 ? this.#toMark() : this.#take(2);
        setItems(this.#dict(), items);
        return true;
      }
      case 0x65: // e APPENDS
      case 0x61: {
        // a APPEND
        const items = opcode === 0x65 ? this.#toMark() : this.#take(1);
        const list = this.#list();
        for (const item of items) list.push(checked(item));
        return true;
      }
      default:
        return false;
    }
  }

  #reduce(): void {
    const args = this.#popValue();
    const callable = this.#stack.pop();
    if (!(callable instanceof Global) || !(args instanceof PickleTuple))
      throw new PickleError('REDUCE calls no global');
    this.#stack.push(callGlobal(callable.name, args.items as readonly Item[]));
  }

  #newObject(): void {
    const args = this.#popValue();
    const target = this.#stack.pop();
    if (!(target instanceof Global) || !(args instanceof PickleTuple)) throw new PickleError('NEWOBJ has no class');
    if (target.name === 'encode' || target.name === 'reconstructor') throw new PickleError('NEWOBJ has no class');
    this.#stack.push(callGlobal(target.name, args.items as readonly Item[]));
  }

  #stackGlobal(): void {
    const [module, name] = this.#take(2);
    this.#global(String(module), String(name));
  }

  #global(module: string, name: string): void {
    this.#stack.push(findGlobal(module, name, this.#allowsArrays));
  }

  #get(index: number): void {
    const item = this.#memo[index];
    if (item === undefined) throw new PickleError(`memo ${index} is empty`);
    this.#stack.push(item);
  }

  /** A memo index must be near those in use, lest a hostile pickle make a huge sparse array. */
  #memoIndex(line: string): number {
    const index = Number(line);
    if (!Number.isInteger(index) || index < 0 || index > this.#bytes.length) throw new PickleError('bad memo index');
    return index;
  }

  #top(): Item {
    const item = this.#stack[this.#stack.length - 1];
    if (item === undefined || this.#stack.length <= (this.#marks[this.#marks.length - 1] ?? 0)) {
      throw new PickleError('stack is empty');
    }
    return item;
  }

  #popValue(): PickleValue {
    const item = this.#top();
    this.#stack.pop();
    return checked(item);
  }

  #take(count: number): PickleValue[] {
    const floor = this.#marks[this.#marks.length - 1] ?? 0;
    if (this.#stack.length - count < floor) throw new PickleError('stack is empty');
    return this.#stack.splice(this.#stack.length - count) as PickleValue[];
  }

  #toMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new PickleError('mark is missing');
    return this.#stack.splice(mark) as PickleValue[];
  }

  #dict(): PickleDict {
    const top = this.#top();
    if (!(top instanceof Map)) throw new PickleError('items are set on what is no dict');
    return top;
  }

  #list(): PickleValue[] {
    const top = this.#top();
    if (!Array.isArray(top)) throw new PickleError('items are appended to what is no list');
    return top;
  }

  #python2String(bytes: Buffer): PickleValue {
    return this.#python2Bytes ? Buffer.from(bytes) : nativeFromBytes(bytes);
  }

  #long(length: number): number | bigint {
    let value = 0n;
    const bytes = this.#slice(length);
    if (length > 1024) throw new PickleError('integer is too long');
    for (let at = length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] as number);
    if (length > 0 && (bytes[length - 1] as number) >= 0x80) value -= 1n << BigInt(8 * length);
    return narrowed(value);
  }

  #utf8(length: number): string {
    const from = this.#skip(length);
    // Short ASCII by far prevails: reading it as latin-1 is several times as fast as a strict decoder.
    for (let at = from; at < from + length; at++) {
      if ((this.#bytes[at] as number) >= 0x80) return decodeSurrogatePass(this.#bytes.subarray(from, from + length));
    }
    return this.#bytes.toString('latin1', from, from + length);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new PickleError('line does not end');
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #slice(length: number): Buffer {
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  #uint32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)] as number;
  }

  /** Moves on by `length` bytes and gives where they begin. */
  #skip(length: number): number {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new PickleError('pickle is cut short');
    return from;
  }
}

function setItems(dict: PickleDict, items: readonly PickleValue[]): PickleDict {
  if (items.length % 2 !== 0) throw new PickleError('dict has a key without a value');
  for (let at = 0; at < items.length; at += 2) {
    const key = items[at] as PickleValue;
    if (typeof key === 'object' && (key instanceof Map || Array.isArray(key)))
      throw new PickleError('key is not hashable');
    dict.set(checked(key), checked(items[at + 1] as PickleValue));
  }
  return dict;
}

/** A global stands only where it is called. */
function checked(item: Item): PickleValue {
  if (item instanceof Global) throw new PickleError(`global ${item.name} is no value`);
  return item;
}

function decimal(text: string): number | bigint {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new PickleError('not an integer');
  return narrowed(BigInt(text.trim()));
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
