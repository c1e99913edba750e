import { hash } from 'node:crypto';
import { PickleError, readAsciiBytesDict, readPickle, writeBytesDict, type PickleValue } from '../common/pickle.ts';
import { getXattr, setXattr } from '../common/system-calls.ts';
import { bytesFromNative, isAscii, nativeFromBytes } from '../common/text.ts';
import { xattrFault } from './disk-faults.ts';
import type { Metadata } from './storage.ts';

/** Metadata of a file, kept as a pickle in its extended attributes. Source: spec swift-formats 3.4. */

const METADATA_KEY = 'user.swift.metadata';
const CHECKSUM_KEY = 'user.swift.metadata_checksum';
/** Attributes hold no more each; longer pickles are cut. */
const PIECE_BYTES = 65536;
const MARKER = Buffer.from('_codecs\nencode');
const MARKER_WITHIN_BYTES = 32;

/** The attributes are missing, cut or do not fit their checksum: the file cannot be used. */
export class DamagedMetadataError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DamagedMetadataError';
  }
}

/**
 * The pickle of metadata, byte for byte as Swift's. Values are wire text and are encoded once more, so that a UTF-8 header value
 * is on disk encoded twice; `name` is native and encoded once.
 */
export function encodeMetadata(metadata: Metadata): Buffer {
  return writeBytesDict(storedEntries(metadata));
}

function* storedEntries(metadata: Metadata): Generator<readonly [string, string | Uint8Array]> {
  for (const entry of metadata) {
    if (entry[0] === 'name' && !isAscii(entry[1])) yield ['name', bytesFromNative(entry[1])];
    else yield entry;
  }
}

/** Reads a pickle of metadata in any form that Swift reads. Throws DamagedMetadataError. */
export function decodeMetadata(pickle: Uint8Array): Metadata {
  return readAsciiBytesDict(pickle) ?? decodeAnyMetadata(pickle);
}

function decodeAnyMetadata(pickle: Uint8Array): Metadata {
  let value: PickleValue;
  try {
    value = readPickle(pickle, { python2Strings: 'bytes' });
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new DamagedMetadataError(`metadata: ${error.message}`, error);
  }
  if (!(value instanceof Map)) throw new DamagedMetadataError('metadata are no dict');
  // Without the marker the bytes were written by Python 2, whose values were not encoded a second time.
  const head = Buffer.from(pickle.buffer, pickle.byteOffset, Math.min(pickle.length, MARKER_WITHIN_BYTES));
  const isEncodedTwice = head.includes(MARKER);
  const metadata: Metadata = new Map();
  for (const [key, item] of value) {
    const name = storedText(key, isEncodedTwice);
    metadata.set(name, storedText(item, isEncodedTwice || name === 'name'));
  }
  return metadata;
}

function storedText(value: PickleValue, isUtf8: boolean): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (!(value instanceof Uint8Array)) throw new DamagedMetadataError('metadata hold what is neither text nor bytes');
  return isUtf8 ? nativeFromBytes(value) : Buffer.from(value).toString('latin1');
}

/** Sets the attributes of an open file. Throws StorageError `xattr-unsupported`, `metadata-too-large` or `no-space`. */
export function writeMetadata(fd: number, metadata: Metadata): void {
  const pickle = encodeMetadata(metadata);
  try {
    for (let at = 0; at < pickle.length; at += PIECE_BYTES) {
      setXattr(fd, pieceKey(at / PIECE_BYTES), pickle.subarray(at, at + PIECE_BYTES));
    }
    setXattr(fd, CHECKSUM_KEY, Buffer.from(hash('md5', pickle, 'hex'), 'latin1'));
  } catch (error) {
    throw xattrFault(error, fd);
  }
}

/** Reads the attributes of an open file. Throws DamagedMetadataError, and what the system call throws. */
export function readMetadata(fd: number): Metadata {
  let pickle = getXattr(fd, METADATA_KEY);
  if (pickle === undefined) throw new DamagedMetadataError('metadata are missing');
  const checksum = getXattr(fd, CHECKSUM_KEY)?.toString('latin1');
  // A first piece that fits the checksum is all there is, which spares the look for a second.
  if (checksum === undefined || hash('md5', pickle, 'hex') !== checksum) {
    pickle = withFurtherPieces(fd, pickle);
    if (checksum !== undefined && hash('md5', pickle, 'hex') !== checksum) {
      throw new DamagedMetadataError('metadata do not fit their checksum');
    }
  }
  return decodeMetadata(pickle);
}

function withFurtherPieces(fd: number, first: Buffer): Buffer {
  const pieces = [first];
  for (;;) {
    const piece = getXattr(fd, pieceKey(pieces.length));
    if (piece === undefined) return pieces.length === 1 ? first : Buffer.concat(pieces);
    pieces.push(piece);
  }
}

function pieceKey(index: number): string {
  return index === 0 ? METADATA_KEY : `${METADATA_KEY}${index}`;
}
