/** What lies on the devices: which are mounted, how full they are, what was quarantined. */

import type { Stats } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Policies } from '../../middleware-api.ts';

/** Names below the devices folder; null when it cannot be read. */
export async function deviceNames(devices: string): Promise<string[] | null> {
  try {
    return (await readdir(devices)).sort();
  } catch {
    return null;
  }
}

/** Folders below the devices folder. Throws when it cannot be read. */
async function deviceFolders(devices: string): Promise<string[]> {
  const entries = await readdir(devices, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
}

/** True for a mount point, false for a plain folder, the system's message for one that cannot be looked at. */
async function isMounted(path: string): Promise<boolean | string> {
  try {
    const [own, parent]: [Stats, Stats] = await Promise.all([stat(path), stat(dirname(path))]);
    return own.dev !== parent.dev || own.ino === parent.ino;
  } catch (error) {
    return (error as Error).message;
  }
}

export interface UnmountedDevice {
  device: string;
  mounted: boolean | string;
}

export async function unmountedDevices(devices: string): Promise<UnmountedDevice[]> {
  const found: UnmountedDevice[] = [];
  for (const device of await deviceFolders(devices)) {
    const mounted = await isMounted(join(devices, device));
    if (mounted !== true) found.push({ device, mounted });
  }
  return found;
}

export interface DeviceUsage {
  device: string;
  mounted: boolean | string;
  size: number | '';
  used: number | '';
  avail: number | '';
}

/** Bytes of each mounted device; empty texts for one that is not. */
export async function deviceUsage(devices: string): Promise<DeviceUsage[]> {
  const usage: DeviceUsage[] = [];
  for (const device of await deviceFolders(devices)) {
    const path = join(devices, device);
    const mounted = await isMounted(path);
    if (mounted !== true) {
      usage.push({ device, mounted, size: '', used: '', avail: '' });
      continue;
    }
    const { bsize, blocks, bavail } = await statfs(path);
    usage.push({ device, mounted, size: blocks * bsize, used: (blocks - bavail) * bsize, avail: bavail * bsize });
  }
  return usage;
}

/** Number of folders in a folder, by its hard links; 0 when it is not there. */
async function foldersIn(path: string): Promise<number> {
  try {
    return (await stat(path)).nlink - 2;
  } catch {
    return 0;
  }
}

/** Quarantined objects, containers and accounts of all devices, objects of each policy apart as well. */
export async function quarantined(devices: string, policies: Policies): Promise<Record<string, unknown>> {
  const counts = { objects: 0, containers: 0, accounts: 0 };
  const byPolicy: Record<string, { objects: number }> = {};
  for (const device of (await deviceNames(devices)) ?? []) {
    const folder = join(devices, device, 'quarantined');
    counts.accounts += await foldersIn(join(folder, 'accounts'));
    counts.containers += await foldersIn(join(folder, 'containers'));
    for (const { index } of policies) {
      const name = index === 0 ? 'objects' : `objects-${index}`;
      const count = await foldersIn(join(folder, name));
      counts.objects += count;
      if (count > 0 || byPolicy[index] !== undefined) {
        byPolicy[index] = { objects: (byPolicy[index]?.objects ?? 0) + count };
      }
    }
  }
  return { ...counts, policies: byPolicy };
}
