/**
 * Cost as work grows: `npm run bench:growth -- [--seconds S] [--write] [PART…]`, parts objects, containers, clients, workers, filters. Prints
 * a table of each; --write puts them into docs/performance.md, when it is all of them.
 */

import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { growAccount, growContainer } from './growth-databases.ts';
import { growClients, growPipeline, growWorkers } from './growth-serving.ts';
import { describeMachine, machineLine } from './machine.ts';
import { requirePrograms } from './programs.ts';
import { writeDocSection } from './report.ts';
import { onScene } from './scene.ts';

const PARTS: Readonly<Record<string, (seconds: number) => Promise<string>>> = {
  objects: growContainer,
  containers: growAccount,
  clients: growClients,
  workers: growWorkers,
  filters: growPipeline,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '4' }, write: { type: 'boolean', default: false } },
  });
  const names = positionals.length === 0 ? Object.keys(PARTS) : positionals;
  for (const name of names) if (!Object.hasOwn(PARTS, name)) throw new Error(`${name}: there is no such part`);
  if (values.write && positionals.length > 0) throw new Error('--write wants all parts');
  requirePrograms(false);
  const tables: string[] = [];
  for (const name of names) {
    const table = (await PARTS[name]?.(Number(values.seconds))) ?? '';
    console.log(`${table}\n`);
    tables.push(table);
  }
  const machine = `${machineLine(describeMachine(tmpdir()))}. ${new Date().toISOString().slice(0, 10)}.`;
  if (values.write) writeDocSection('growth', [machine, ...tables].join('\n\n'));
}

await onScene(main);
