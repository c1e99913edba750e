/**
 * Python values as Apus sees them in pickles.
 *
 * | Python | JavaScript |
 * |---|---|
 * | None, True, False | null, true, false |
 * | int | number; bigint beyond ±2^53 |
 * | float | read as number; written when a number has a fraction, or from PickleFloat |
 * | str | string, native text (text.ts): lone surrogates stay as they are |
 * | bytes | Uint8Array |
 * | list, tuple | Array, PickleTuple |
 * | dict | Map, in insertion order (bytes keys are Uint8Array, so look those up by iterating) |
 * | swift's HeaderKeyDict | PickleHeaderKeyDict, a Map |
 * | array.array of unsigned numbers | PickleArray; read only where asked for |
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleFloat
  | PickleTuple
  | PickleArray
  | PickleValue[]
  | PickleDict;

export type PickleDict = Map<PickleValue, PickleValue>;

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A float that may be whole, such as 5.0; only for writing. */
export class PickleFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** An `array.array` of type code B, H or I, after the width of its numbers. */
export class PickleArray {
  readonly values: Uint8Array | Uint16Array | Uint32Array;

  constructor(values: Uint8Array | Uint16Array | Uint32Array) {
    this.values = values;
  }
}

/** An instance of `swift.common.header_key_dict.HeaderKeyDict`. */
export class PickleHeaderKeyDict extends Map<PickleValue, PickleValue> {}

/** The bytes are no pickle, or hold something that Swift's restricted reader refuses too. */
export class PickleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PickleError';
  }
}

/** A dict with text keys as a Map. */
export function pickleDict(entries: Record<string, PickleValue>): PickleDict {
  return new Map(Object.entries(entries));
}
