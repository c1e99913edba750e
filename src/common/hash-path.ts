import { hash } from 'node:crypto';
import { bytesFromNative } from './text.ts';

/** `swift_hash_path_prefix` and `_suffix` of swift.conf, as the bytes that stand in the file. */
export interface HashPathConfig {
  readonly prefix: Buffer;
  readonly suffix: Buffer;
}

/**
 * MD5 in hex of prefix, `/account[/container[/object]]` and suffix; names are native text. It names the folder of an object or
 * database and, by its first bits, the partition.
 */
export function hashPath(config: HashPathConfig, account: string, container?: string, object?: string): string {
  let path = `/${account}`;
  if (container !== undefined) path += `/${container}`;
  if (object !== undefined) path += `/${object}`;
  return hash('md5', Buffer.concat([config.prefix, bytesFromNative(path), config.suffix]), 'hex');
}

/** Partition of a hash: its first `partPower` bits. */
export function partitionOfHash(hashHex: string, partPower: number): number {
  return partPower === 0 ? 0 : parseInt(hashHex.slice(0, 8), 16) >>> (32 - partPower);
}

/** Folder of a hash below a device: `<dataDir>/<partition>/<last three digits>/<hash>`. */
export function storageDirectory(dataDir: string, partition: number | string, hashHex: string): string {
  return `${dataDir}/${partition}/${hashHex.slice(-3)}/${hashHex}`;
}
