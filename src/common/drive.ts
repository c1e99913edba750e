/** Is a device there, and has it room? Asked by every request of a storage server, so with the cheapest calls. */

import { lstatSync, statfsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

/** `fallocate_reserve`: bytes, or a percentage of the file system, that must stay free. */
export interface FreeSpaceReserve {
  readonly value: number;
  readonly isPercent: boolean;
}

/** Parses `1%`, `1048576`. Throws Error that says what it expected. */
export function parseFreeSpaceReserve(text: string): FreeSpaceReserve {
  const trimmed = text.trim();
  const isPercent = trimmed.endsWith('%');
  const digits = isPercent ? trimmed.slice(0, -1) : trimmed;
  const value = Number(digits);
  if (digits === '' || !Number.isFinite(value)) {
    throw new Error('expected a number of bytes, or a percentage of the device');
  }
  if (isPercent && (value < 0 || value > 100)) {
    throw new Error('expected a percentage from 0% to 100%');
  }
  return { value, isPercent };
}

/**
 * Folder of a device, or undefined when it cannot be used: no folder or, with `mountCheck`, no mount point (another file
 * system than the folder above it, or a stub file `.ismount` in it as tests and containers make).
 */
export function deviceFolder(devices: string, device: string, mountCheck: boolean): string | undefined {
  if (device.includes('\0')) return undefined;
  const folder = `${devices}/${device}`;
  if (!mountCheck) return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? folder : undefined;
  return isMountPoint(folder) ? folder : undefined;
}

function isMountPoint(folder: string): boolean {
  try {
    const own = lstatSync(folder);
    // A link is no mount point itself, whatever it leads to.
    if (!own.isSymbolicLink()) {
      const parent = lstatSync(`${folder}/..`);
      if (own.dev !== parent.dev || own.ino === parent.ino) return true;
    }
    return statSync(`${folder}/.ismount`, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** Free space of a folder's file system by its numbers of blocks: is it above the reserve after `sizeBytes` more? */
function hasRoom(
  stats: { bavail: number; blocks: number; bsize: number },
  reserve: FreeSpaceReserve,
  sizeBytes: number,
): boolean {
  const freeBytes = stats.bavail * stats.bsize - sizeBytes;
  const free = reserve.isPercent ? (freeBytes / (stats.blocks * stats.bsize)) * 100 : freeBytes;
  return free > reserve.value;
}

/** False when `sizeBytes` more would leave no more free than the reserve. A reserve of 0 or less asks nothing. */
export function hasFreeSpaceSync(folder: string, reserve: FreeSpaceReserve, sizeBytes = 0): boolean {
  return reserve.value <= 0 || hasRoom(statfsSync(folder), reserve, sizeBytes);
}

export async function hasFreeSpace(folder: string, reserve: FreeSpaceReserve, sizeBytes = 0): Promise<boolean> {
  return reserve.value <= 0 || hasRoom(await statfs(folder), reserve, sizeBytes);
}
