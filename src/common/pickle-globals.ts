import { PickleError, PickleHeaderKeyDict, type PickleValue } from './pickle-values.ts';

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

/** What lies on a reader's stack. */
export type Item = PickleValue | Global;

export function findGlobal(module: string, name: string): Global {
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
