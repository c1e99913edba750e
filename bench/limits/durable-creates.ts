/**
 * The disk's own rate of durable creates in Swift's layout: `durable-creates.ts FOLDER SECONDS AT_ONCE`. Each is what storing one replica of a
 * new name takes: folders of partition, suffix and hash, a file of 1 KiB without a name, fsync, a link, fsync of each folder that changed.
 * Prints `{ creates, seconds, cpuMs }` as JSON.
 */

import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, writeSync } from 'node:fs';
import { syncDescriptor, syncDirectory } from '../../src/common/durable-file.ts';
import { linkDescriptor, openUnnamed } from '../../src/common/system-calls.ts';

const [folder = '', seconds = '1', atOnce = '1'] = process.argv.slice(2);
const BODY = Buffer.alloc(1024, 'x');
/** Partitions of a ring of 8 bits, as the clusters of the table have. */
const PARTITION_SHIFT = 24;

let creates = 0;

/** Makes the folders, outermost first. Gives those in which a folder was made or the file will be, innermost first. */
function makeFolders(partition: string, suffix: string, hash: string): string[] {
  const firstMade = mkdirSync(hash, { recursive: true });
  const parents = [suffix, partition, folder];
  const made = firstMade === undefined ? 0 : [hash, suffix, partition].indexOf(firstMade) + 1;
  return [hash, ...parents.slice(0, made)];
}

async function createOne(name: string): Promise<void> {
  const digest = createHash('md5').update(name).digest();
  const partition = `${folder}/${digest.readUInt32BE(0) >>> PARTITION_SHIFT}`;
  const hash = digest.toString('hex');
  const suffix = `${partition}/${hash.slice(-3)}`;
  const target = `${suffix}/${hash}`;
  const changed = makeFolders(partition, suffix, target);
  const fd = openUnnamed(target);
  try {
    writeSync(fd, BODY);
    await syncDescriptor(fd);
    linkDescriptor(fd, `${target}/${Date.now()}.data`);
  } finally {
    closeSync(fd);
  }
  await Promise.all(changed.map(syncDirectory));
}

mkdirSync(folder, { recursive: true });
const started = performance.now();
const end = started + Number(seconds) * 1000;
const writer = async (_: unknown, number: number): Promise<void> => {
  for (let at = 0; performance.now() < end; at++) {
    await createOne(`${process.pid}/${number}/${at}`);
    creates++;
  }
};
await Promise.all(Array.from({ length: Number(atOnce) }, writer));
const { user, system } = process.cpuUsage();
const tookSec = (performance.now() - started) / 1000;
console.log(JSON.stringify({ creates, seconds: tookSec, cpuMs: (user + system) / 1000 }));
