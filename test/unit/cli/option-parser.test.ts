import { expect, test } from 'vitest';
import { parseOptions, type OptionSyntax } from '../../../src/cli/option-parser.ts';
import { CommandEnd } from '../../../src/cli/terminal.ts';

const syntax: OptionSyntax = {
  program: 'tool',
  usage: 'tool [options]',
  options: [
    { name: 'region', letter: 'r', kind: 'integer', doc: 'a region' },
    { name: 'replication-ip', letter: 'j', kind: 'text', doc: 'an address' },
    { name: 'weight', letter: 'w', kind: 'number', doc: 'a weight' },
    { name: 'yes', letter: 'y', kind: 'flag', doc: 'no questions' },
    { name: 'yesterday', kind: 'flag', doc: 'another day' },
  ],
};

function endOf(...argv: string[]): CommandEnd {
  try {
    parseOptions(syntax, argv);
  } catch (error) {
    if (error instanceof CommandEnd) return error;
  }
  throw new Error('nothing was wrong');
}

test('options stand anywhere among the words, in every form', () => {
  const options = parseOptions(syntax, ['a', '-yr3', '--repl=h', 'b', '-w', '-1.5', '--', '--yes', '-x']);
  expect(options.words).toEqual(['a', 'b', '--yes', '-x']);
  expect([options.number('region'), options.text('replication-ip'), options.number('weight')]).toEqual([3, 'h', -1.5]);
  expect([options.has('yes'), options.has('yesterday')]).toEqual([true, false]);
  expect(parseOptions(syntax, ['--region', '0x1f', '-r017', '-']).number('region')).toBe(15);
  expect(parseOptions(syntax, ['-w', '7', '-']).words).toEqual(['-']);
});

test('an exact name wins over one that it begins', () => {
  const options = parseOptions(syntax, ['--yes']);
  expect([options.has('yes'), options.has('yesterday')]).toEqual([true, false]);
});

test('what is wrong is told with the usage on standard error, exit code 2', () => {
  const faults: [string, string[]][] = [
    ['no such option: --colour', ['--colour']],
    ['no such option: -c', ['-c']],
    ['ambiguous option: --re (--region, --replication-ip?)', ['--re', '1']],
    ['--region option requires 1 argument', ['--region']],
    ['-r option requires 1 argument', ['-r']],
    ["option --region: invalid integer value: '1.5'", ['--region', '1.5']],
    ["option -w: invalid floating-point value: 'x'", ['-wx']],
    ['--yes option does not take a value', ['--yes=1']],
  ];
  for (const [fault, argv] of faults) {
    expect(endOf(...argv)).toMatchObject({
      exitCode: 2,
      stream: 'errors',
      message: `Usage: tool [options]\n\ntool: error: ${fault}`,
    });
  }
});

test('help names every option', () => {
  const end = endOf('--he');
  expect(end).toMatchObject({ exitCode: 0, stream: 'output' });
  for (const { name, doc } of syntax.options) expect(end.message).toMatch(new RegExp(`--${name}(=\\S+)? +${doc}`));
});
