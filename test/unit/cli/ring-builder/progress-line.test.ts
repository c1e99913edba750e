import { expect, test } from 'vitest';
import { ProgressLine } from '../../../../src/cli/ring-builder/progress-line.ts';
import { RecordingTerminal } from '../recording-terminal.ts';

test('nothing is told within two seconds, then a line every two', () => {
  let nowMs = 1000;
  const terminal = new RecordingTerminal();
  const line = new ProgressLine(terminal, { isDebug: false, nowMs: () => nowMs });
  for (let done = 0; done <= 60; done++) {
    line.show({ phase: 'place', done, total: 60 });
    nowMs += 100;
  }
  expect(terminal.progressTold).toEqual([
    'Rebalancing: place, 33%',
    'Rebalancing: place, 66%',
    'Rebalancing: place, 100%',
  ]);
  line.end();
  expect(terminal.progressTold.at(-1)).toBe('');
  expect(terminal.output).toBe('');
});

test('debugging tells each phase as it begins', () => {
  const terminal = new RecordingTerminal();
  const line = new ProgressLine(terminal, { isDebug: true, nowMs: () => 0 });
  for (const phase of ['gather', 'gather', 'count'] as const) line.show({ phase, done: 1, total: 8 });
  expect(terminal.output).toBe('DEBUG: gather: 8 partitions\nDEBUG: count: 8 partitions\n');
});
