/** The caches that recon reads: one line of JSON a file, changed by several daemons. Source: spec swift-formats 8.1. */

import { open, readFile, rename, stat, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryFlock } from './system-calls.ts';

type Values = Readonly<Record<string, unknown>>;

const LOCK_TIMEOUT_MS = 10_000;
const RETRY_MS = 10;
let lastTemporary = 0;

/**
 * Merges values into `<folder>/<file>` (`container.recon`): objects one level deep, and an empty object removes its key. The file
 * is locked and replaced as Swift's daemons do. Throws when the folder is not writable or the lock is not had within 10 s.
 */
export async function saveRecon(folder: string, file: string, values: Values): Promise<void> {
  const path = `${folder}/${file}`;
  const locked = await lockFile(path);
  try {
    const merged = merge(parse(await readFile(path, 'utf8')), values);
    const temporary = `${folder}/.${file}.${process.pid}.${(lastTemporary += 1)}.tmp`;
    try {
      await writeFile(temporary, `${asciiJson(merged)}\n`, { mode: 0o644 });
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } finally {
    await locked.close();
  }
}

/** Opens and locks the file that the path names at that moment: another daemon may have replaced it while the lock was waited for. */
async function lockFile(path: string): Promise<FileHandle> {
  const giveUp = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const handle = await open(path, 'a+');
    try {
      if (tryFlock(handle.fd) && (await isStill(path, handle))) return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    if (performance.now() > giveUp) throw new Error(`${path}: not locked within ${LOCK_TIMEOUT_MS / 1000} s`);
    await sleep(RETRY_MS);
  }
}

async function isStill(path: string, handle: FileHandle): Promise<boolean> {
  const own = await handle.stat();
  const named = await stat(path).catch(() => undefined);
  return named !== undefined && named.ino === own.ino && named.dev === own.dev;
}

/** The first line as an object; a file that holds none counts as empty. */
function parse(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text.split('\n', 1)[0] as string) as unknown;
    return isObject(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function merge(cached: Record<string, unknown>, values: Values): Record<string, unknown> {
  for (const [key, value] of Object.entries(values)) {
    if (!isObject(value)) cached[key] = value;
    else if (Object.keys(value).length === 0) delete cached[key];
    else cached[key] = mergeNested(isObject(cached[key]) ? cached[key] : {}, value);
  }
  return cached;
}

function mergeNested(cached: Values, values: Values): Values {
  const merged: Record<string, unknown> = { ...cached };
  for (const [key, value] of Object.entries(values)) {
    if (isObject(value) && Object.keys(value).length === 0) delete merged[key];
    else merged[key] = value;
  }
  return merged;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON with sorted keys and nothing but ASCII. */
function asciiJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : item,
  );
  return text.replace(/[^\x00-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
