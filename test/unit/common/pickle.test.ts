import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  PickleError,
  PickleFloat,
  PickleHeaderKeyDict,
  PickleTuple,
  readAsciiBytesDict,
  readPickle,
  writeBytesDict,
  writePickle,
  type PickleValue,
} from '../../../src/common/pickle.ts';

const golden = join(import.meta.dirname, '../../golden');
const json = <T>(name: string): T => JSON.parse(readFileSync(join(golden, name), 'utf8')) as T;

interface Disassembly {
  readonly path: string;
  readonly pickle_hex: string;
}

interface AsyncPending {
  readonly path: string;
  readonly content_hex: string;
  readonly decoded: { dict: [string, unknown][] };
}

describe('pickles recorded from Python', () => {
  const recorded = json<Disassembly[]>('disk/pickle-disassembly.json');

  test.each(recorded)('$path is read and written back to the same bytes', ({ pickle_hex: hex }) => {
    expect(writePickle(readPickle(Buffer.from(hex, 'hex')), 2).toString('hex')).toBe(hex);
  });

  test.each(json<AsyncPending[]>('disk/async_pending.json'))(
    '$path, protocol 0, is read and written back to the same bytes',
    ({ content_hex: hex, decoded }) => {
      const value = readPickle(Buffer.from(hex, 'hex')) as Map<string, PickleValue>;
      const headers = value.get('headers');
      expect(headers).toBeInstanceOf(PickleHeaderKeyDict);
      expect([...value.keys()]).toEqual(decoded.dict.map(([key]) => key));
      expect(writePickle(value, 0).toString('latin1')).toBe(Buffer.from(hex, 'hex').toString('latin1'));
    },
  );

  test('the recorded async_pending files hold what their listing says', () => {
    const files = readdirSync(join(golden, 'disk/async_pending'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const value = readPickle(readFileSync(join(golden, 'disk/async_pending', file))) as Map<string, PickleValue>;
      expect(['PUT', 'DELETE']).toContain(value.get('op'));
    }
  });
});

const text = fc.string({ unit: 'binary', maxLength: 12 });
const value: fc.Arbitrary<PickleValue> = fc.letrec<{ value: PickleValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 1n << 60n, max: 1n << 90n }),
    fc.bigInt({ min: -(1n << 90n), max: -(1n << 60n) }),
    fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true }),
    text,
    fc.constantFrom('\ud800', '\udc80x', 'a\\b\nc', '\\u0041', '\u20ac\u{1f600}\r\x1a\0'),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 5 }).map((items) => new PickleTuple(items)),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((pairs) => new Map<PickleValue, PickleValue>(pairs)),
    fc.array(fc.tuple(text, text), { maxLength: 3 }).map((pairs) => new PickleHeaderKeyDict(pairs)),
  ),
})).value;

describe('writing and reading', () => {
  test('any value comes back from protocol 2 and, HeaderKeyDict included, from protocol 0', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(0 as const, 2 as const), (written, protocol) => {
        expect(readPickle(writePickle(written, protocol))).toEqual(written);
      }),
      { numRuns: 1500 },
    );
  });

  test('no bytes whatever make the reader do anything but return or throw a PickleError', () => {
    const opcodes = Buffer.from('80027d715d29285874856c6473617565526362704e4b4d4a472e6a72677030815693558c42', 'hex');
    const junk = fc.array(fc.oneof(fc.constantFrom(...opcodes), fc.integer({ min: 0, max: 255 }), fc.constant(0)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(junk, (bytes) => {
        try {
          readPickle(Uint8Array.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(PickleError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a whole float is written as a float when asked for', () => {
    expect(writePickle(new PickleFloat(5), 2).toString('latin1')).toContain('G@\x14');
    expect(writePickle(new PickleFloat(5), 0).toString('latin1')).toBe('F5.0\n.');
  });

  test('an object that stands twice is written once', () => {
    const shared = new Map<PickleValue, PickleValue>([['k', 1]]);
    const [first, second] = readPickle(writePickle([shared, shared])) as PickleValue[];
    expect(first).toBe(second);
  });

  test('more than a thousand entries are written in batches', () => {
    const many = new Map<PickleValue, PickleValue>(Array.from({ length: 2500 }, (_, i) => [`k${i}`, i]));
    expect(readPickle(writePickle(many))).toEqual(many);
  });

  test('output longer than any first guess is whole, wherever it has to grow', () => {
    for (let length = 990; length < 1030; length++) {
      const long: PickleValue = ['x'.repeat(length), 1, 'y', 300, 70000, 1.5, Buffer.from('z'), 'é'.repeat(3000)];
      expect(readPickle(writePickle(long))).toEqual(long);
    }
  });

  test('a dict of bytes starts with the marker by which the metadata reader knows it', () => {
    const bytes = writeBytesDict([
      ['X-Timestamp', '1'],
      ['é', 'é'],
      ['n', 3],
    ]);
    expect(bytes.subarray(0, 32).includes('_codecs\nencode')).toBe(true);
    const entries = [...(readPickle(bytes) as Map<Buffer, PickleValue>)];
    expect(entries[1]).toEqual([Buffer.from('é'), Buffer.from('é')]);
    expect(entries[2]).toEqual([Buffer.from('n'), 3]);
  });
});

test('empty and single bytes are written once, as CPython does, which counts where attributes are short', () => {
  const pickle = writeBytesDict([
    ['a', 'v'],
    ['b', 'v'],
    ['v', ''],
    ['c', ''],
    ['dd', 'x'],
  ]);
  // pickle.dumps({b'a': b'v', b'b': b'v', b'v': b'', b'c': b'', b'dd': b'x'}, 2)
  expect(pickle.toString('hex')).toBe(
    '80027d710028635f636f646563730a656e636f64650a7101580100000061710258060000006c6174696e31710386710452710568015801000000767106' +
      '680386710752710868015801000000627109680386710a52710b68086808635f5f6275696c74696e5f5f0a62797465730a710c2952710d680158010000' +
      '0063710e680386710f527110680d68015802000000646471116803867112527113680158010000007871146803867115527116752e',
  );
});

describe('dicts of ASCII bytes', () => {
  const ascii = fc.string({ unit: 'binary-ascii', minLength: 2, maxLength: 300 });
  const dicts = fc.dictionary(ascii, ascii, { minKeys: 2, maxKeys: 30 }).map((dict) => Object.entries(dict));

  test('are read as they were written', () => {
    fc.assert(
      fc.property(dicts, (entries) => {
        expect(readAsciiBytesDict(writeBytesDict(entries))).toEqual(new Map(entries));
      }),
    );
  });

  test('whatever stands there instead is left to the general reader, or read as it reads it', () => {
    const general = (pickle: Buffer): Map<string, string> =>
      new Map(
        [...(readPickle(pickle) as Map<PickleValue, PickleValue>)].map(([key, value]) => [String(key), String(value)]),
      );
    fc.assert(
      fc.property(dicts, fc.nat(), fc.nat({ max: 255 }), (entries, at, byte) => {
        const pickle = writeBytesDict(entries);
        pickle[at % pickle.length] = byte;
        const quick = readAsciiBytesDict(pickle);
        if (quick !== undefined) expect(quick).toEqual(general(pickle));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['an empty value', [['k1', '']]],
    ['a value of one byte', [['k1', 'v']]],
    [
      'a value that is not ASCII',
      [
        ['k1', '\u00e9\u00e9'],
        ['k2', 'v2'],
      ],
    ],
    ['one entry alone', [['k1', 'v1']]],
    ['too many to be remembered in one byte each', Array.from({ length: 50 }, (_, i) => [`k${i}`, `value ${i}`])],
  ] as [string, [string, string][]][])('%s is left to the general reader', (_, entries) => {
    expect(readAsciiBytesDict(writeBytesDict(entries))).toBeUndefined();
  });

  test('a pickle that is cut short is none', () => {
    const pickle = writeBytesDict([
      ['k1', 'v1'],
      ['k2', 'v2'],
    ]);
    for (let length = 0; length < pickle.length; length++) {
      expect(readAsciiBytesDict(pickle.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['a global that Swift does not know', 'cos\nsystem\n.'],
    ['a call of one', "cos\nsystem\n(S'ls'\ntR."],
    ['a global left as the value', 'c_codecs\nencode\n.'],
    ['a global as a dict value', '(dVk\nc_codecs\nencode\ns.'],
    ['an unknown opcode', '\x80\x02\xff.'],
    ['a pickle cut short', '\x80\x02X\x05\0\0\0ab'],
    ['an empty one', ''],
    ['a dict with a list as key', '\x80\x02}(]K\x01u.'],
    ['a memo entry that is missing', '\x80\x02h\x07.'],
  ])('%s', (_, pickle) => {
    expect(() => readPickle(Buffer.from(pickle, 'latin1'))).toThrow(PickleError);
  });

  test('strings of Python 2 are text, or bytes when asked for', () => {
    const pickle = Buffer.from('\x80\x02U\x02\xc3\xa9.', 'latin1');
    expect(readPickle(pickle)).toBe('é');
    expect(readPickle(pickle, { python2Strings: 'bytes' })).toEqual(Buffer.from('é'));
    expect(readPickle(Buffer.from("S'a\\xff\\n\\''\n.", 'latin1'), { python2Strings: 'bytes' })).toEqual(
      Buffer.from("a\xff\n'", 'latin1'),
    );
  });
});
