import { randomUUID } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorCode } from '../common/system-calls.ts';
import { policyFolder } from '../common/storage-policy.ts';
import { invalidateSuffixes, isSuffix } from './disk-suffixes.ts';

/**
 * Moves a damaged hash directory (or what stands in its place) out of the way, to `quarantined/objects[-N]/`; the suffix is marked
 * first, so that replicators notice. Gives the new path; undefined when it was gone already. Source: spec swift-formats 3.6.
 */
export async function quarantine(deviceDir: string, policyIndex: number, path: string): Promise<string | undefined> {
  const suffixDir = isSuffix(basename(path)) ? path : dirname(path);
  if (isSuffix(basename(suffixDir))) await invalidateSuffixes(dirname(suffixDir), [basename(suffixDir)]);
  return await putAside(path, `${deviceDir}/quarantined/${policyFolder('objects', policyIndex)}`);
}

/** Renames into a folder that is made when missing; a name that is taken gets a random end. */
export async function putAside(path: string, folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const target = `${folder}/${basename(path)}`;
  try {
    await rename(path, target);
    return target;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code !== 'EEXIST' && code !== 'ENOTEMPTY' && code !== 'ENOTDIR' && code !== 'EISDIR') throw error;
  }
  const unique = `${target}-${randomUUID().replaceAll('-', '')}`;
  await rename(path, unique);
  return unique;
}
