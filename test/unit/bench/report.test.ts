import { expect, test } from 'vitest';
import { evaluateGoals } from '../../../bench/goals.ts';
import { chartText, replaceSection, tablesText } from '../../../bench/report.ts';
import { comparisonTable, markdownTable, short } from '../../../bench/table.ts';
import { measurement, results } from './made-results.ts';

function cellsOf(table: string): string[][] {
  return table.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('a table has columns as wide as their longest cell', () => {
  expect(
    markdownTable([
      ['a', 'long heading'],
      ['longer', 'b'],
    ]),
  ).toBe(['| a      | long heading |', '| ------ | ------------ |', '| longer | b            |'].join('\n'));
});

test('numbers are shown with three digits that count', () => {
  expect([0.05123, 1.2345, 34.56, 123.4, 5678.9, NaN].map(short)).toEqual([
    '0.0512',
    '1.23',
    '34.6',
    '123',
    '5679',
    '?',
  ]);
});

test('a row shows medians over the rounds, how many times less CPU Apus takes, and whether that is enough', () => {
  const measurements = [
    measurement('get-1k', 16, 'python', { cpuMs: 6, requestsPerSec: 100 }, { cpuMs: 9 }, { cpuMs: 3 }),
    measurement('get-1k', 16, 'apus', { cpuMs: 0.4 }, { cpuMs: 0.3 }, { cpuMs: 5 }),
  ];
  const [, , row] = cellsOf(comparisonTable(results({ measurements })));
  expect(row?.slice(-6)).toEqual(['6.00', '0.400', '0.500 / 0.500', '1/15.0', '1/15', 'yes']);
  const slower = measurements.map((each) => (each.system === 'apus' ? measurement('get-1k', 16, 'apus', {}) : each));
  expect(cellsOf(comparisonTable(results({ measurements: slower })))[2]?.slice(-3)).toEqual(['1/6.00', '1/15', 'no']);
});

test('requests that failed are told, and those of a row that asks for 404 are none', () => {
  const measurements = [
    measurement('404', 16, 'apus', { refused: 100 }),
    measurement('head', 16, 'apus', { refused: 2 }, { socketErrors: 1 }),
  ];
  const [, , missing, head] = cellsOf(comparisonTable(results({ measurements })));
  expect(missing?.[0]).toBe('GET of nothing (404)');
  expect(head?.[0]).toBe('HEAD (3 failed)');
});

test('bodies are held against the floor, creates against the disk, slow answers against Python', () => {
  const goals = evaluateGoals(
    results({
      measurements: [
        measurement('put-1m', 16, 'apus', { cpuMs: 14 }),
        measurement('put-1k', 16, 'apus', { requestsPerSec: 200 }),
        measurement('get-1k', 128, 'python', { p50Ms: 400 }),
        measurement('get-1k', 128, 'apus', { p99Ms: 401 }),
      ],
      floors: [{ direction: 'put', size: '1m', cpuMs: 10 }],
      disk: [{ createsPerSec: 900, cpuMs: 1 }],
      start: { firstAnswerMs: 1600, idleRssBytes: 100 << 20 },
      large: [
        {
          system: 'apus',
          direction: 'get',
          megabytesPerSec: 300,
          rss: [{ process: 'proxy-server', bytes: 151 << 20 }],
        },
      ],
    }),
  );
  expect(goals.map(({ found, isMet }) => [found, isMet])).toEqual([
    ['1.40 (14.0 / 10.0 ms)', true],
    ['67 % (200 / 300 a second)', true],
    ['401 ms', false],
    ['1.60 s', false],
    ['100 MiB', true],
    ['151 MiB, proxy-server (300 MB/s)', false],
  ]);
});

test('the report names the machine, and leaves out what was not measured', () => {
  const text = tablesText(results({ measurements: [measurement('head', 16, 'apus', {})] }));
  expect(text).toContain('2 cores (X), 4 GiB, Linux 6, ext4; Node 24, Python Swift 2.30. 2026-01-02');
  expect(text).toMatch(/\| HEAD +\| 16 +\| \? +\| 50\.0/);
});

test('a section of a page is replaced between its marks, and the page must have them', () => {
  expect(replaceSection('a\n<!-- x -->\nold\n<!-- end of x -->\nb', 'x', 'new')).toBe(
    'a\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nb',
  );
  expect(() => replaceSection('a', 'x', 'new')).toThrow(/<!-- x -->/);
});

test('the chart has a bar for each system and their ratio, on axes with names, and nothing of a row that only one has', () => {
  const svg = chartText(
    results({
      measurements: [
        measurement('get-1k', 16, 'python', { cpuMs: 8 }),
        measurement('get-1k', 16, 'apus', { cpuMs: 0.5 }),
        measurement('head', 16, 'apus', {}),
      ],
    }),
  );
  expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 \d+ \d+"/);
  for (const text of ['GET 1 KiB, 16', '8.00', '0.500', '16.0', 'server CPU time per request (logarithmic)'])
    expect(svg).toContain(`>${text}</text>`);
  expect(svg).not.toContain('HEAD');
  expect(svg).not.toContain('NaN');
  // Legend, two bars of CPU, one of the ratio.
  expect(svg.match(/<rect [^>]*height="9"/g)).toHaveLength(5);
});
