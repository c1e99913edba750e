/** What lies on the devices: which are mounted, how full they are, what was quarantined. */

import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceFolder, type Policies } from '../../middleware-api.ts';

/** Names below the devices folder; null when it cannot be read. */
export async function deviceNames(devices: string): Promise<string[] | null> {
  try {
    return (await readdir(devices)).sort();
  } catch {
    return null;
  }
}

/** Folders below the devices folder, and links to folders. Throws when it cannot be read. */
async function deviceFolders(devices: string): Promise<string[]> {
  const names = (await readdir(devices)).sort();
  const areFolders = await Promise.all(names.map((name) => isFolder(join(devices, name))));
  return names.filter((_, at) => areFolders[at] === true);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Names that need percent-encoding are no devices to Swift. */
const DEVICE_NAME = /^[A-Za-z0-9_.~-]+$/;

function isMounted(devices: string, device: string): boolean {
  return DEVICE_NAME.test(device) && deviceFolder(devices, device, true) !== undefined;
}

export interface UnmountedDevice {
  device: string;
  mounted: boolean;
}

export async function unmountedDevices(devices: string): Promise<UnmountedDevice[]> {
  const found: UnmountedDevice[] = [];
  for (const device of await deviceFolders(devices)) {
    if (!isMounted(devices, device)) found.push({ device, mounted: false });
  }
  return found;
}

export interface DeviceUsage {
  device: string;
  mounted: boolean;
  size: number | '';
  used: number | '';
  avail: number | '';
}

/** Bytes of each mounted device; empty texts for one that is not. */
export async function deviceUsage(devices: string): Promise<DeviceUsage[]> {
  const usage: DeviceUsage[] = [];
  for (const device of await deviceFolders(devices)) {
    if (!isMounted(devices, device)) {
      usage.push({ device, mounted: false, size: '', used: '', avail: '' });
      continue;
    }
    const { bsize, blocks, bavail } = await statfs(join(devices, device));
    usage.push({ device, mounted: true, size: blocks * bsize, used: (blocks - bavail) * bsize, avail: bavail * bsize });
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
