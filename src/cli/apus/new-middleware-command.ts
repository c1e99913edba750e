/** `apus new-middleware NAME`: writes a package with a filter, its test and its README. */

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../usage-error.ts';
import { FailedCommand, readArguments } from './config-arguments.ts';
import { middlewareFiles } from './middleware-template.ts';

/** Makes the folder, whose last part is the package's name. Throws UsageError, or FailedCommand when there is something in it. */
export async function newMiddleware(argv: string[], usage: string): Promise<void> {
  const { positionals } = readArguments(usage, { args: argv, allowPositionals: true });
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) throw new UsageError(usage);
  const folder = resolve(given);
  const name = basename(folder);
  if (!/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name)) {
    throw new UsageError(`${name}: expected a name of small letters, digits and - or _, such as virus-scan`);
  }
  if ((await filesIn(folder)).length > 0) throw new FailedCommand([`${folder} is there already, and not empty`]);
  await mkdir(folder, { recursive: true });
  const files = Object.entries(middlewareFiles(name));
  for (const [file, text] of files) await writeFile(join(folder, file), text, { flag: 'wx' });
  process.stdout.write(`${given}: ${files.map(([file]) => file).join(', ')}\nIts README.md tells how to go on.\n`);
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
