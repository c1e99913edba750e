import { randomInt } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { DATA_FOLDERS, isMissing } from './database-folder.ts';
import type { DatabaseKind, HashLocator } from './store-types.ts';

const HASH = /^[0-9a-f]{32}$/;

/** Databases of a kind on a device, partitions in random order. What vanishes meanwhile is passed over. */
export async function* walkDevice(devices: string, kind: DatabaseKind, device: string): AsyncGenerator<HashLocator> {
  const root = `${devices}/${device}/${DATA_FOLDERS[kind]}`;
  const partitions = (await names(root)).filter((name) => /^\d+$/.test(name));
  for (const partition of shuffled(partitions)) {
    for (const suffix of await names(`${root}/${partition}`)) {
      for (const hash of await names(`${root}/${partition}/${suffix}`)) {
        if (!HASH.test(hash) || !hash.endsWith(suffix)) continue;
        const files = await names(`${root}/${partition}/${suffix}/${hash}`);
        if (files.some((name) => name.startsWith(hash) && name.endsWith('.db'))) yield { device, partition, hash };
      }
    }
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function shuffled<T>(items: T[]): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    [items[at], items[other]] = [items[other] as T, items[at] as T];
  }
  return items;
}
