import { decodeTimestamps, encodeTimestamps, Timestamp } from '../common/timestamp.ts';

/** Names of the files in a hash directory. Source: spec swift-formats 3.2. */

export type DiskFileExtension = '.data' | '.meta' | '.ts' | '.durable';

/** What a file's name says. */
export interface DiskFileName {
  readonly name: string;
  readonly extension: DiskFileExtension;
  readonly timestamp: Timestamp;
  /** Of a `.meta` file that carries a content type. */
  readonly contentTypeTimestamp: Timestamp | undefined;
  /** Of a fragment archive. */
  readonly fragmentIndex: number | undefined;
  /** Of a fragment archive that is marked durable in its name. */
  readonly isDurable: boolean;
}

const EXTENSION = /\.(data|meta|ts|durable)$/;
const FRAGMENT = /^\d+$/;

/**
 * Parses a name; undefined for one that means nothing (left alone, never used). `fragments`: how many fragments an object of the
 * policy has, for erasure coding; null for replication.
 */
export function parseDiskFileName(name: string, fragments: number | null): DiskFileName | undefined {
  const found = EXTENSION.exec(name);
  if (found === null) return undefined;
  const extension = found[0] as DiskFileExtension;
  const stem = name.slice(0, -extension.length);
  if (extension === '.data' && fragments !== null) return parseFragment(name, stem, fragments);
  if (extension === '.meta') return parseMeta(name, stem);
  const timestamp = Timestamp.tryParse(stem);
  return timestamp && fileName(name, extension, timestamp);
}

function parseMeta(name: string, stem: string): DiskFileName | undefined {
  try {
    const [timestamp, contentTypeTimestamp] = decodeTimestamps(stem, true);
    return { ...fileName(name, '.meta', timestamp), contentTypeTimestamp };
  } catch {
    return undefined;
  }
}

function parseFragment(name: string, stem: string, fragments: number): DiskFileName | undefined {
  const [time, index, durable, ...rest] = stem.split('#');
  const timestamp = Timestamp.tryParse(time);
  if (timestamp === undefined || index === undefined || !FRAGMENT.test(index) || rest.length > 0) return undefined;
  const fragmentIndex = Number(index);
  if (fragmentIndex >= fragments) return undefined;
  return { ...fileName(name, '.data', timestamp), fragmentIndex, isDurable: durable === 'd' };
}

function fileName(name: string, extension: DiskFileExtension, timestamp: Timestamp): DiskFileName {
  return { name, extension, timestamp, contentTypeTimestamp: undefined, fragmentIndex: undefined, isDurable: false };
}

export function dataFileName(timestamp: Timestamp): string {
  return `${timestamp.internal}.data`;
}

export function tombstoneFileName(timestamp: Timestamp): string {
  return `${timestamp.internal}.ts`;
}

/** `contentTypeTimestamp`: when the file carries a content type, since when the object has it. */
export function metaFileName(timestamp: Timestamp, contentTypeTimestamp?: Timestamp): string {
  if (contentTypeTimestamp === undefined) return `${timestamp.internal}.meta`;
  return `${encodeTimestamps(timestamp, contentTypeTimestamp, undefined, true)}.meta`;
}
