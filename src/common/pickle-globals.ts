import { PickleArray, PickleError, PickleHeaderKeyDict, type PickleValue } from './pickle-values.ts';

/** A function or class that a pickle names. */
export class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const GLOBALS: ReadonlyMap<string, Global> = new Map(
  [
    ['_codecs encode', 'encode'],
    ['copy_reg _reconstructor', 'reconstructor'],
    ['copyreg _reconstructor', 'reconstructor'],
    ['swift.common.header_key_dict HeaderKeyDict', 'HeaderKeyDict'],
    ['builtins dict', 'dict'],
    ['__builtin__ dict', 'dict'],
    ['builtins bytes', 'bytes'],
    ['__builtin__ bytes', 'bytes'],
  ].map(([path, name]) => [path as string, new Global(name as string)]),
);

/** Known only to readers that ask for arrays: no server does. */
const ARRAY = new Global('array');

/** What lies on a reader's stack. */
export type Item = PickleValue | Global;

export function findGlobal(module: string, name: string, allowsArrays: boolean): Global {
  if (allowsArrays && module === 'array' && name === 'array') return ARRAY;
  const found = GLOBALS.get(`${module} ${name}`);
  if (found === undefined) throw new PickleError(`global ${module}.${name} is not allowed`);
  return found;
}

/** Calls what a pickle may call, which is little. Throws PickleError for anything else. */
export function callGlobal(name: string, args: readonly Item[]): PickleValue {
  const [first, second, third] = args;
  if (name === 'encode' && typeof first === 'string') return encoded(first, second);
  if (name === 'bytes' && args.length === 0) return Buffer.alloc(0);
  if (name === 'dict' && args.length === 0) return new Map();
  if (name === 'array' && Array.isArray(second)) return arrayOf(first, second);
  if (name === 'HeaderKeyDict' && args.length === 0) return new PickleHeaderKeyDict();
  if (name === 'reconstructor' && first instanceof Global && args.length === 3) {
    const state = third instanceof Map ? third : new Map<PickleValue, PickleValue>();
    if (first.name === 'HeaderKeyDict') return new PickleHeaderKeyDict(state);
    if (first.name === 'dict') return new Map(state);
  }
  throw new PickleError(`cannot call ${name} with ${args.length} arguments`);
}

function encoded(text: string, encoding: Item | undefined): Buffer {
  if (encoding !== 'latin1' && encoding !== 'latin-1') throw new PickleError('bytes are not spelled in latin1');
  if (/[^\x00-\xff]/.test(text)) throw new PickleError('latin1 text holds a wide character');
  return Buffer.from(text, 'latin1');
}

/** L is what Swift uses where I has but two bytes; it holds device ids all the same. */
function arrayOf(code: Item | undefined, items: readonly PickleValue[]): PickleArray {
  const limit = code === 'B' ? 0xff : code === 'H' ? 0xffff : 0xffffffff;
  const isWhole = (item: PickleValue): boolean =>
    Number.isInteger(item) && (item as number) >= 0 && (item as number) <= limit;
  if (!items.every(isWhole)) throw new PickleError('array holds what its type cannot');
  const numbers = items as readonly number[];
  if (code === 'B') return new PickleArray(Uint8Array.from(numbers));
  if (code === 'H') return new PickleArray(Uint16Array.from(numbers));
  if (code === 'I' || code === 'L') return new PickleArray(Uint32Array.from(numbers));
  throw new PickleError('array of an unknown type');
}
