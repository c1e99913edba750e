import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../common/system-calls.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { writeRingFile, type RingFormatOptions } from '../../ring/ring-file.ts';
import type { Session } from './command.ts';

/** Where a copy of `path` goes: `backups/<seconds>.<name>` beside the builder file. Makes the folder. */
export async function backupPath(builderFile: string, path: string, atSec: number): Promise<string> {
  const folder = join(dirname(builderFile), 'backups');
  await mkdir(folder).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  return join(folder, `${Math.floor(atSec)}.${basename(path)}`);
}

/** Writes the ring file, its backup first. */
export async function writeRing(
  { builderFile, ringFile, nowSec }: Session,
  builder: RingBuilder,
  format: RingFormatOptions,
): Promise<void> {
  const ring = builder.ringData();
  await writeRingFile(await backupPath(builderFile, ringFile, nowSec()), ring, format);
  await writeRingFile(ringFile, ring, format);
}

/** Writes ring and builder. Backups first, of the same second. */
export async function writeRingAndBuilder(
  { builderFile, ringFile, nowSec }: Session,
  builder: RingBuilder,
  format: RingFormatOptions,
): Promise<void> {
  const atSec = nowSec();
  const ring = builder.ringData();
  await writeRingFile(await backupPath(builderFile, ringFile, atSec), ring, format);
  await builder.save(await backupPath(builderFile, builderFile, atSec));
  await writeRingFile(ringFile, ring, format);
  await builder.save(builderFile);
}
