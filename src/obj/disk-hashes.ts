import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile, truncate } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { withDirectoryLock } from '../common/directory-lock.ts';
import { writeFileDurably } from '../common/durable-file.ts';
import {
  PickleError,
  PickleFloat,
  readPickle,
  writePickle,
  type PickleDict,
  type PickleValue,
} from '../common/pickle.ts';
import { errorCode } from '../common/system-calls.ts';
import { cleanHashDirectory, removeEmptyDirectory } from './disk-cleanup.ts';
import type { FileChoice } from './disk-file-choice.ts';
import type { DiskSettings } from './disk-layout.ts';
import { quarantine } from './disk-quarantine.ts';
import { HASHES_FILE, INVALIDATIONS_FILE, isSuffix } from './disk-suffixes.ts';

/** Hashes over the files of each suffix of a partition, by which replicators compare. Source: spec swift-formats 3.7. */

/** MD5 in hex; for erasure coding one for each fragment index, null being what all fragments share. */
export type SuffixHash = string | Map<number | null, string>;

/** What hashes.pkl holds. A suffix that must be hashed anew is null. */
interface KnownHashes {
  readonly isValid: boolean;
  readonly suffixes: Map<string, SuffixHash | null>;
}

/** Where suffixes are to be hashed. */
export interface HashedPartition {
  readonly settings: DiskSettings;
  readonly deviceDir: string;
  readonly partitionDir: string;
  readonly policyIndex: number;
}

/** Hashes of all suffixes of a partition, those marked as changed hashed anew. Empty for a partition that does not exist. */
export async function partitionHashes(partition: HashedPartition): Promise<Map<string, SuffixHash>> {
  for (;;) {
    if (!(await exists(partition.partitionDir))) return new Map();
    const before = await consolidate(partition);
    const hashes = new Map(before.suffixes);
    if (!before.isValid) await addListedSuffixes(partition.partitionDir, hashes);
    let isChanged = !before.isValid;
    for (const [suffix, known] of [...hashes]) {
      if (known !== null) continue;
      isChanged = true;
      const hash = await hashSuffix(partition, suffix);
      if (hash === undefined) hashes.delete(suffix);
      else hashes.set(suffix, hash);
    }
    const found = hashes as Map<string, SuffixHash>;
    if (!isChanged || (await storeUnlessChanged(partition, before, found))) return found;
  }
}

async function exists(directory: string): Promise<boolean> {
  try {
    await readdir(directory);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function addListedSuffixes(partitionDir: string, hashes: Map<string, SuffixHash | null>): Promise<void> {
  for (const name of (await readdir(partitionDir)).sort()) {
    if (isSuffix(name) && !hashes.has(name)) hashes.set(name, null);
  }
}

/** Brings hashes.invalid into hashes.pkl and empties it. */
async function consolidate(partition: HashedPartition): Promise<KnownHashes> {
  const { partitionDir } = partition;
  return await withDirectoryLock(partitionDir, async () => {
    const known = await readHashes(partitionDir);
    const notes = await readIfThere(`${partitionDir}/${INVALIDATIONS_FILE}`);
    if (notes === undefined || notes.length === 0) return known;
    const changed = notes
      .toString('latin1')
      .split('\n')
      .map((line) => line.trim());
    const suffixes = changed.filter(isSuffix);
    for (const suffix of suffixes) known.suffixes.set(suffix, null);
    if (suffixes.length > 0) await writeHashes(partition, known);
    await truncate(`${partitionDir}/${INVALIDATIONS_FILE}`, 0);
    return known;
  });
}

async function storeUnlessChanged(
  partition: HashedPartition,
  before: KnownHashes,
  hashes: Map<string, SuffixHash>,
): Promise<boolean> {
  return await withDirectoryLock(partition.partitionDir, async () => {
    if (!isDeepStrictEqual(await readHashes(partition.partitionDir), before)) return false;
    await writeHashes(partition, { isValid: true, suffixes: hashes });
    return true;
  });
}

async function writeHashes(partition: HashedPartition, known: KnownHashes): Promise<void> {
  const dict: PickleDict = new Map<PickleValue, PickleValue>([['valid', known.isValid]]);
  for (const [suffix, hash] of known.suffixes) {
    dict.set(suffix, hash instanceof Map ? new Map<PickleValue, PickleValue>(hash) : hash);
  }
  dict.set('updated', new PickleFloat(partition.settings.now()));
  await writeFileDurably(`${partition.partitionDir}/${HASHES_FILE}`, writePickle(dict), { syncParent: false });
}

async function readHashes(partitionDir: string): Promise<KnownHashes> {
  const bytes = await readIfThere(`${partitionDir}/${HASHES_FILE}`);
  return (bytes && parseHashes(bytes)) ?? { isValid: false, suffixes: new Map() };
}

/** Undefined for what is no pickle, or holds keys that are no suffixes. */
function parseHashes(bytes: Buffer): KnownHashes | undefined {
  let value: PickleValue;
  try {
    value = readPickle(bytes);
  } catch (error) {
    if (error instanceof PickleError) return undefined;
    throw error;
  }
  if (!(value instanceof Map)) return undefined;
  const suffixes = new Map<string, SuffixHash | null>();
  for (const [key, hash] of value) {
    if (key === 'valid' || key === 'updated') continue;
    if (typeof key !== 'string' || !isSuffix(key)) return undefined;
    suffixes.set(key, typeof hash === 'string' ? hash : hash instanceof Map ? fragmentHashes(hash) : null);
  }
  return { isValid: value.get('valid') !== false, suffixes };
}

function fragmentHashes(dict: PickleDict): Map<number | null, string> {
  const hashes = new Map<number | null, string>();
  for (const [index, hash] of dict) {
    if ((index === null || typeof index === 'number') && typeof hash === 'string') hashes.set(index, hash);
  }
  return hashes;
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Cleans the hash directories of a suffix and hashes what stays; undefined when nothing stays and the suffix is gone. */
export async function hashSuffix(partition: HashedPartition, suffix: string): Promise<SuffixHash | undefined> {
  const { settings, partitionDir, policyIndex } = partition;
  const fragments = settings.fragmentsOf(policyIndex);
  const suffixDir = `${partitionDir}/${suffix}`;
  const digests = new SuffixDigests();
  for (const name of await listSuffix(partition, suffixDir)) {
    // One directory at a time, so that the loop is not held up by a large suffix.
    await new Promise((resolve) => setImmediate(resolve));
    const choice = await cleaned(partition, `${suffixDir}/${name}`, fragments);
    if (choice !== undefined) addToDigests(digests, choice, fragments !== null);
  }
  if (removeEmptyDirectory(suffixDir)) return undefined;
  return fragments === null ? digests.of(null).digest('hex') : digests.all();
}

async function listSuffix(partition: HashedPartition, suffixDir: string): Promise<string[]> {
  try {
    return (await readdir(suffixDir)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    if (errorCode(error) !== 'ENOTDIR') throw error;
    await quarantine(partition.deviceDir, partition.policyIndex, suffixDir);
    return [];
  }
}

async function cleaned(
  partition: HashedPartition,
  hashDir: string,
  fragments: number | null,
): Promise<FileChoice | undefined> {
  try {
    return cleanHashDirectory(partition.settings, hashDir, fragments);
  } catch (error) {
    if (errorCode(error) !== 'ENOTDIR') throw error;
    partition.settings.log.error(`${hashDir} is no directory and is put aside`);
    await quarantine(partition.deviceDir, partition.policyIndex, hashDir);
    return undefined;
  }
}

class SuffixDigests {
  readonly #digests = new Map<number | null, Hash>();

  of(index: number | null): Hash {
    let digest = this.#digests.get(index);
    if (digest === undefined) this.#digests.set(index, (digest = createHash('md5')));
    return digest;
  }

  all(): Map<number | null, string> {
    return new Map([...this.#digests].map(([index, digest]) => [index, digest.digest('hex')]));
  }
}

function addToDigests(digests: SuffixDigests, choice: FileChoice, isErasureCoded: boolean): void {
  for (const file of [choice.meta, choice.tombstone]) {
    if (file !== undefined) digests.of(null).update(`${file.timestamp.internal}${file.extension}`);
  }
  if (isErasureCoded) {
    if (choice.durableSet !== undefined) digests.of(null).update(`${choice.durableSet.timestamp.internal}.durable`);
  } else if (choice.data !== undefined) {
    digests.of(null).update(choice.data.name);
  }
  const since = choice.contentType?.contentTypeTimestamp;
  if (since !== undefined) digests.of(null).update(`${since.internal}_ctype`);
  for (const set of choice.fragmentSets) {
    for (const file of set.files) digests.of(file.fragmentIndex as number).update(set.timestamp.internal);
  }
}
