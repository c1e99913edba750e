/** Words of the bench's command line. */

import { parseArgs } from 'node:util';
import { type Row, rowNamed, ROWS } from './rows.ts';

export interface BenchOptions {
  rounds: number;
  seconds: number;
  clients: readonly number[];
  rows: readonly Row[];
  /** Also objects of 5 GiB. */
  isLarge: boolean;
  /** Table and chart go into the docs; of a run of all rows and clients only. */
  writes: boolean;
  /** What stands behind the options. */
  words: readonly string[];
}

export const USAGE: string = `npm run bench -- [options]
  --rounds N        rounds of every row; medians of them are shown (3)
  --seconds S       of each measurement (2)
  --clients N,M     at once (16,128); objects of 64 MiB and long listings have fewer
  --rows NAME,…     of ${ROWS.map(({ name }) => name).join(', ')}
  --quick           one round of one second, 16 clients
  --large           a PUT and a GET of 5 GiB too, with the memory of each process
  --write           table and chart into docs/performance.md and bench/results/
`;

/** What holds where nothing is said. */
type Base = Pick<BenchOptions, 'rounds' | 'seconds' | 'clients'>;

const DEFAULTS: Base = { rounds: 3, seconds: 2, clients: [16, 128] };
const QUICK: Base = { rounds: 1, seconds: 1, clients: [16] };

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: expected a number from 1`);
  return value;
}

function chosenRows(names: string | undefined): readonly Row[] {
  return (
    names?.split(',').map((name) => {
      const row = rowNamed(name);
      if (row === undefined) throw new Error(`--rows ${name}: there is no such row`);
      return row;
    }) ?? ROWS
  );
}

/** Throws with one clear line. */
export function readBenchOptions(args: string[], defaults: Base = DEFAULTS): BenchOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { rounds: text, seconds: text, clients: text, rows: text, quick: flag, large: flag, write: flag },
  });
  const isWhole = values.rows === undefined && values.clients === undefined && !values.quick;
  if (values.write && !isWhole) throw new Error('--write wants all rows and clients');
  const base = values.quick ? QUICK : defaults;
  return {
    rounds: values.rounds === undefined ? base.rounds : positive('rounds', values.rounds),
    seconds: values.seconds === undefined ? base.seconds : positive('seconds', values.seconds),
    clients: values.clients?.split(',').map((each) => positive('clients', each)) ?? base.clients,
    rows: chosenRows(values.rows),
    isLarge: values.large,
    writes: values.write,
    words: positionals,
  };
}
