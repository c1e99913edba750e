import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import type { ConfSpec } from '../../../src/common/conf.ts';
import { mergeConfs, rememberOrigins } from '../../../src/common/conf-origin.ts';
import { nearestName } from '../../../src/common/nearest-name.ts';
import { parseInteger, parseNumber, patternRegExp, readConf, splitList } from '../../../src/common/conf-spec.ts';
import { unknownOptions } from '../../../src/paste/unknown-options.ts';

const spec = {
  title: { type: 'text', default: 'none', doc: '' },
  mode: { type: 'text', choices: ['fast', 'slow'], doc: '' },
  enabled: { type: 'boolean', default: true, doc: '' },
  retries: { type: 'integer', default: 3, min: 1, max: 9, doc: '' },
  ratio: { type: 'number', default: 0.5, doc: '' },
  wait: { type: 'seconds', default: 10, doc: '' },
  max_put_bytes: { type: 'bytes', default: 5, doc: '' },
  methods: { type: 'list', default: ['GET', 'HEAD'], doc: '' },
  'user_<account>_<user>': { type: 'text', doc: '' },
} as const;

function faultOf(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return expect.fail('expected a ConfigError');
}

describe('readConf', () => {
  test('without settings every option has its default, and the result is frozen', () => {
    const conf = readConf(spec, {}, {});
    expect(conf).toEqual({
      title: 'none',
      mode: undefined,
      enabled: true,
      retries: 3,
      ratio: 0.5,
      wait: 10,
      max_put_bytes: 5,
      methods: ['GET', 'HEAD'],
    });
    expect(Object.isFrozen(conf)).toBe(true);
    expect(Object.isFrozen(conf.methods)).toBe(true);
  });

  test('types follow from the spec', () => {
    const conf = readConf(spec, {}, { wait: '1.5', methods: ' PUT, ,POST ' });
    const wait: number = conf.wait;
    const methods: readonly string[] = conf.methods;
    const mode: string | undefined = conf.mode;
    expect([wait, methods, mode]).toEqual([1.5, ['PUT', 'POST'], undefined]);
  });

  test('local settings win over global ones', () => {
    expect(readConf(spec, { retries: '1', title: 'global' }, { retries: '2' })).toMatchObject({
      retries: 2,
      title: 'global',
    });
  });

  test.each([
    ['yes', true],
    ['TRUE', true],
    ['1', true],
    ['t', true],
    ['no', false],
    ['', false],
    [' on', false],
    ['enabled', false],
  ])('the boolean %j is %j, as in Swift', (text, value) => {
    expect(readConf(spec, {}, { enabled: text }).enabled).toBe(value);
  });

  test('every fault is told: section, key, value and what was expected', () => {
    const local = { mode: 'medium', retries: '10', ratio: 'half', wait: '-1', max_put_bytes: '1.5' };
    const fault = faultOf(() => readConf(spec, {}, local, { file: '/etc/x.conf', section: 'filter:x' }));
    expect(fault.faults.map(({ key, value }) => [key, value])).toEqual(Object.entries(local));
    expect(fault.message).toContain('/etc/x.conf: [filter:x] mode: expected fast or slow, not "medium"');
    expect(fault.message).toContain('retries: expected an integer from 1 to 9, not "10"');
    expect(fault.message).toContain('wait: expected a number of seconds, not "-1"');
  });

  test('a required option that is missing is a fault', () => {
    const fault = faultOf(() => readConf({ key: { type: 'text', required: true, doc: '' } }, {}, {}));
    expect(fault).toMatchObject({ code: 'option-invalid', key: 'key' });
    expect(fault.message).toContain('missing');
  });

  test('a text, given or by default, becomes what parse makes of it', () => {
    const parse = (text: string): number => {
      if (!text.endsWith('%')) throw new Error('expected a percentage');
      return Number(text.slice(0, -1));
    };
    const share = { share: { type: 'text', default: '5%', parse, doc: '' } } as const satisfies ConfSpec;
    expect([readConf(share, {}, {}).share, readConf(share, {}, { share: '7%' }).share]).toEqual([5, 7]);
    const fault = faultOf(() => readConf(share, {}, { share: '7' }));
    expect(fault.message).toBe('share: expected a percentage, not "7"');
  });

  test('an option without a value counts as missing only where the description says so', () => {
    const limit = { limit: { type: 'integer', default: 4, emptyIsMissing: true, doc: '' } } as const satisfies ConfSpec;
    expect(readConf(limit, {}, { limit: '' }).limit).toBe(4);
    expect(() => readConf(spec, {}, { retries: '' })).toThrow('retries');
  });

  test('layers of options in one still tell where each stands', () => {
    const below = { retries: '0', wait: 'long' };
    const above = { retries: '99' };
    rememberOrigins(below, new Map(['retries', 'wait'].map((key) => [key, { file: 'x.conf', line: 2, section: 'a' }])));
    rememberOrigins(above, new Map([['retries', { file: 'x.conf', line: 7, section: 'b' }]]));
    const fault = faultOf(() => readConf(spec, mergeConfs(below, above), {}));
    expect(fault.faults.map(({ section, line, key, value }) => [section, line, key, value])).toEqual([
      ['b', 7, 'retries', '99'],
      ['a', 2, 'wait', 'long'],
    ]);
  });

  test('an option named __proto__ or toString is taken from the settings alone', () => {
    expect(readConf({ toString: { type: 'text', doc: '' } }, {}, {}).toString).toBeUndefined();
  });

  test('integers that are written are read back, whatever their form in Python', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(parseInteger(` ${value} `)).toBe(value);
        expect(parseNumber(String(value))).toBe(value);
      }),
    );
    expect([parseInteger('1_000'), parseInteger('+5')]).toEqual([1000, 5]);
    for (const text of ['', '1.0', '0x10', '1__0', '_1', '1e3', '9007199254740993'])
      expect(parseInteger(text)).toBeUndefined();
    expect([parseNumber('.5'), parseNumber('5.'), parseNumber('1e3')]).toEqual([0.5, 5, 1000]);
    for (const text of ['', '.', 'inf', 'nan', '1,5', '0x1']) expect(parseNumber(text)).toBeUndefined();
  });

  test('lists of words without commas come back as they were', () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9_./*-]+$/);
    fc.assert(
      fc.property(fc.array(word), (list) => {
        expect(splitList(list.join(' , '))).toEqual(list);
      }),
    );
  });
});

describe('unknown options', () => {
  test('a slip of the pen is told with the option that was meant', () => {
    expect(unknownOptions(spec, { max_put_byte: '1', retires: '2', enabled: 'yes' })).toEqual([
      { name: 'max_put_byte', nearest: 'max_put_bytes' },
      { name: 'retires', nearest: 'retries' },
    ]);
  });

  test('patterns cover the options that they stand for', () => {
    expect(unknownOptions(spec, { user_test_tester: 'x', user_a_b_c: 'x', user_nobody: 'x' })).toEqual([
      { name: 'user_nobody', nearest: undefined },
    ]);
    expect(patternRegExp('a.<n>').test('axb')).toBe(false);
  });

  test('what the loader adds, log options and names to ignore never count', () => {
    const conf = {
      __name__: 'x',
      here: '/',
      __file__: 'x',
      log_name: 'x',
      'set log_level': 'DEBUG',
      use: 'x',
      swift_dir: '/',
    };
    expect(unknownOptions(spec, conf, ['swift_dir'])).toEqual([]);
  });

  test('set x counts as x', () => {
    expect(unknownOptions(spec, { 'set retries': '1', 'set retrys': '1' })).toEqual([
      { name: 'set retrys', nearest: 'retries' },
    ]);
  });
});

describe('nearest name', () => {
  test('swapped letters and hyphens for underscores are near, other words are not', () => {
    expect(nearestName('proxy-logging', ['proxy_logging', 'ratelimit'])).toBe('proxy_logging');
    expect(nearestName('helathcheck', ['healthcheck', 'tempauth'])).toBe('healthcheck');
    expect(nearestName('slo', ['healthcheck', 'tempauth', 'symlink'])).toBeUndefined();
  });
});
