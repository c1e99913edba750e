import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import { decodeConfig, type IniFile, parseIni, strip, words } from '../../../src/common/ini-dialect.ts';

interface Recorded {
  text: string;
  sections?: [string, [string, string][]][];
  error?: string;
}

const golden = new URL('../../golden/ini/configparser.json', import.meta.url);
const recorded = JSON.parse(readFileSync(golden, 'utf8')) as Recorded[];

function sectionsOf(file: IniFile): [string, [string, string][]][] {
  return [file.defaults, ...file.sections.values()].map(({ name, options }) => [
    name,
    [...options].map(([key, { value }]): [string, string] => [key, value]),
  ]);
}

function errorOf(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return expect.fail('expected a ConfigError');
}

describe('against Python', () => {
  test('awkward texts give the sections, keys and values that configparser gives, in order', () => {
    for (const { text, sections } of recorded) {
      if (sections !== undefined) expect(sectionsOf(parseIni(text, 'x')), JSON.stringify(text)).toEqual(sections);
    }
  });

  test('texts that configparser refuses are refused for the same reason', () => {
    for (const { text, error } of recorded) {
      if (error !== undefined) expect(errorOf(() => parseIni(text, 'x')).code, JSON.stringify(text)).toBe(error);
    }
  });
});

describe('properties', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .map((text) => strip(text.replace(/[\r\n\p{Cc}]/gu, '')))
    .filter((text) => text !== '');
  const key = name.map((text) => text.replace(/[=:]/g, '_')).filter((text) => !/^[#;[]/.test(text));
  const value = fc.oneof(name, fc.constant(''));
  const sections = fc.uniqueArray(
    fc.tuple(name, fc.uniqueArray(fc.tuple(key, value), { selector: ([each]) => each })),
    {
      selector: ([each]) => each,
      maxLength: 4,
    },
  );

  test('what is written as header, key = value and indented lines is read back', () => {
    fc.assert(
      fc.property(sections, (written) => {
        const wanted = written.filter(([each]) => each !== 'DEFAULT');
        const text = wanted.map(
          ([header, options]) => `[${header}]\n${options.map((each) => each.join(' = ')).join('\n')}\n`,
        );
        expect(sectionsOf(parseIni(text.join('\n'), 'x')).slice(1)).toEqual(wanted);
      }),
    );
  });

  test('comment lines anywhere change nothing', () => {
    const texts = recorded
      .filter(({ error }) => error === undefined)
      .map(({ text }) => text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(20),
        fc.constantFrom('# note', '   ; note'),
        (text, at, comment) => {
          const lines = text.split('\n');
          const commented = lines.toSpliced(Math.min(at, lines.length - 1), 0, comment).join('\n');
          expect(sectionsOf(parseIni(commented, 'x'))).toEqual(sectionsOf(parseIni(text, 'x')));
        },
      ),
    );
  });

  test('any text is read or refused with a ConfigError that names the file', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '=', ':', '\n', ' ', '\t', 'a', '#', '%', '\ud800') }),
        (text) => {
          try {
            parseIni(text, '/some/file');
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
            expect((error as ConfigError).message).toContain('/some/file');
          }
        },
      ),
    );
  });
});

describe('places and errors', () => {
  test('every value keeps its file and the line of its key', () => {
    const file = parseIni('# one\n[DEFAULT]\na = 1\n\n[b]\nc = 2\n  3\nd = 4\n', '/etc/x.conf');
    expect(file.defaults.options.get('a')).toEqual({ value: '1', file: '/etc/x.conf', line: 3 });
    expect(file.sections.get('b')?.line).toBe(5);
    expect(file.sections.get('b')?.options.get('c')).toEqual({ value: '2\n3', file: '/etc/x.conf', line: 6 });
    expect(file.sections.get('b')?.options.get('d')?.line).toBe(8);
  });

  test('a section without keys is there', () => {
    expect([...parseIni('[a]\n[b]\nx = 1\n[c]', 'x').sections.keys()]).toEqual(['a', 'b', 'c']);
  });

  test('all lines that are no settings are told at once, with their lines', () => {
    const error = errorOf(() => parseIni('[a]\nfirst bad\nx = 1\n= second\n', '/etc/x.conf'));
    expect(error).toMatchObject({ code: 'ini-syntax', file: '/etc/x.conf', line: 2 });
    expect(error.message).toContain('first bad');
    expect(error.message).toMatch(/line 4 .*second/);
  });

  test('a duplicate tells the line of the first', () => {
    const error = errorOf(() => parseIni('[a]\nx = 1\n\nx = 2\n', '/etc/x.conf'));
    expect(error).toMatchObject({ code: 'ini-duplicate-option', line: 4, section: 'a', key: 'x' });
    expect(error.message).toContain('line 2');
  });

  test('lower-cased keys that differ in case alone are duplicates', () => {
    expect(errorOf(() => parseIni('[a]\nX = 1\nx = 2\n', 'x', { lowerCaseKeys: true })).code).toBe(
      'ini-duplicate-option',
    );
  });

  test('bytes that are not UTF-8 are refused with their line, and a byte order mark is dropped', () => {
    const error = errorOf(() => decodeConfig(Buffer.from('[a]\nx = \xff\n', 'latin1'), '/etc/x.conf'));
    expect(error).toMatchObject({ code: 'ini-encoding', file: '/etc/x.conf', line: 2 });
    expect(decodeConfig(Buffer.from('\ufeff[a]'), 'x')).toBe('[a]');
  });

  test('blanks are those of Python, not of JavaScript', () => {
    expect(strip('\x1c\x85 a\u200b\ufeff')).toBe('a\u200b\ufeff');
    expect(words('a\x1fb\u3000c  d')).toEqual(['a', 'b', 'c', 'd']);
  });
});
