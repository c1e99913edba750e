import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import type { RingDevice } from '../common/host.ts';
import {
  RING_HEAD_BYTES as HEAD_BYTES,
  RING_MAGIC,
  RingError,
  type AssignmentRow,
  type RingData,
} from './ring-data.ts';

/** Ring files of version 1 and 2. Source: spec swift-formats 1. */

export { RingError, type AssignmentRow, type RingData } from './ring-data.ts';
export { formatRing, writeRingFile, type RingFormatOptions } from './ring-writer.ts';

const DIGESTS = new Set(['md5', 'sha1', 'sha256', 'sha512']);
const gunzipAsync: (bytes: Uint8Array) => Promise<Buffer> = promisify(gunzip);

/** Reads a ring file. Throws RingError, and what reading throws (ENOENT, …). */
export function loadRingFile(path: string): RingData {
  return describing(path, readFileSync(path), (bytes) => parseRing(gunzipSync(bytes)));
}

/** The same off the event loop, as far as it is reading and unpacking. */
export async function loadRingFileAsync(path: string): Promise<RingData> {
  const packed = await readFile(path);
  let bytes: Buffer;
  try {
    bytes = await gunzipAsync(packed);
  } catch (error) {
    throw new RingError(`${path}: not a ring file: ${(error as Error).message}`, error);
  }
  return describing(path, bytes, parseRing);
}

function describing(path: string, bytes: Buffer, parse: (bytes: Buffer) => RingData): RingData {
  try {
    return parse(bytes);
  } catch (error) {
    throw new RingError(`${path}: not a ring file: ${(error as Error).message}`, error);
  }
}

/** Parses the unpacked content of a ring file of either version. Throws RingError. */
function parseRing(bytes: Buffer): RingData {
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 4) !== RING_MAGIC)
    throw new RingError('magic is missing');
  const version = bytes.readUInt16BE(4);
  if (version === 1) return validated(parseVersion1(bytes));
  if (version === 2) return validated(parseVersion2(bytes));
  throw new RingError(`version ${version} is not known`);
}

function parseVersion1(bytes: Buffer): RingData {
  const jsonLength = bytes.readUInt32BE(HEAD_BYTES);
  const jsonEnd = HEAD_BYTES + 4 + jsonLength;
  if (jsonEnd > bytes.length) throw new RingError('file is cut short');
  const head = parseObject(bytes.toString('utf8', HEAD_BYTES + 4, jsonEnd));
  const partShift = numberOf(head, 'part_shift');
  const order = head['byteorder'] ?? (endianness() === 'LE' ? 'little' : 'big');
  return {
    devices: parseDevices(head['devs']),
    partShift,
    rows: splitRows(bytes.subarray(jsonEnd), partitionCount(partShift), 2, order === 'big').slice(
      0,
      numberOf(head, 'replica_count'),
    ),
    nextPartPower: optionalNumber(head['next_part_power']),
    version: optionalNumber(head['version']),
  };
}

/** Sections are found by the index, whose place the last 16 bytes tell; unknown ones are left alone. */
function parseVersion2(bytes: Buffer): RingData {
  if (bytes.length < HEAD_BYTES + 16) throw new RingError('file is cut short');
  const indexAt = Number(bytes.readBigUInt64BE(bytes.length - 16));
  const index = parseObject(lengthPrefixed(bytes, indexAt).toString('utf8'));
  const section = (name: string): Buffer => readSection(bytes, name, index[name]);
  const head = parseObject(section('swift/ring/metadata').toString('utf8'));
  const idBytes = numberOf(head, 'dev_id_bytes');
  if (idBytes !== 2 && idBytes !== 4) throw new RingError(`dev_id_bytes is ${idBytes}`);
  const partShift = numberOf(head, 'part_shift');
  return {
    devices: parseDevices(parseJson(section('swift/ring/devices').toString('utf8'))),
    partShift,
    rows: splitRows(section('swift/ring/assignments'), partitionCount(partShift), idBytes, true),
    nextPartPower: optionalNumber(head['next_part_power']),
    version: optionalNumber(head['version']),
  };
}

function readSection(bytes: Buffer, name: string, entry: unknown): Buffer {
  if (!Array.isArray(entry)) throw new RingError(`section ${name} is missing`);
  const [, start, , end, algorithm, digest] = entry as unknown[];
  if (typeof start !== 'number' || typeof end !== 'number') throw new RingError(`section ${name} has no place`);
  const data = lengthPrefixed(bytes, start);
  if (typeof algorithm === 'string' && DIGESTS.has(algorithm)) {
    const found = createHash(algorithm).update(bytes.subarray(start, end)).digest('hex');
    if (found !== digest) throw new RingError(`section ${name} is damaged`);
  }
  return data;
}

function lengthPrefixed(bytes: Buffer, at: number): Buffer {
  if (!(at >= HEAD_BYTES && at + 8 <= bytes.length)) throw new RingError('section lies outside of the file');
  const length = Number(bytes.readBigUInt64BE(at));
  if (at + 8 + length > bytes.length) throw new RingError('section is cut short');
  return bytes.subarray(at + 8, at + 8 + length);
}

function splitRows(bytes: Buffer, partitions: number, idBytes: 2 | 4, isBigEndian: boolean): AssignmentRow[] {
  const rows: AssignmentRow[] = [];
  for (let at = 0; at < bytes.length; at += partitions * idBytes) {
    const part = bytes.subarray(at, at + partitions * idBytes);
    const count = Math.floor(part.length / idBytes);
    const row = idBytes === 2 ? new Uint16Array(count) : new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      if (idBytes === 2) row[i] = isBigEndian ? part.readUInt16BE(i * 2) : part.readUInt16LE(i * 2);
      else row[i] = isBigEndian ? part.readUInt32BE(i * 4) : part.readUInt32LE(i * 4);
    }
    rows.push(row);
  }
  return rows;
}

function partitionCount(partShift: number): number {
  if (!Number.isInteger(partShift) || partShift < 0 || partShift > 32)
    throw new RingError(`part_shift is ${partShift}`);
  return 2 ** (32 - partShift);
}

function parseDevices(list: unknown): (RingDevice | undefined)[] {
  if (!Array.isArray(list)) throw new RingError('devs is no list');
  return list.map((entry: unknown, id) => (entry === null ? undefined : parseDevice(entry, id)));
}

function parseDevice(entry: unknown, id: number): RingDevice {
  if (typeof entry !== 'object' || entry === null) throw new RingError(`device ${id} is no object`);
  const device = entry as Partial<RingDevice>;
  if (typeof device.ip !== 'string' || typeof device.port !== 'number' || typeof device.device !== 'string') {
    throw new RingError(`device ${id} has no ip, port or device`);
  }
  return Object.freeze({
    ...device,
    id,
    region: device.region ?? 1,
    zone: device.zone ?? 0,
    ip: device.ip,
    port: device.port,
    device: device.device,
    weight: device.weight ?? 0,
    meta: device.meta ?? '',
    replication_ip: device.replication_ip ?? device.ip,
    replication_port: device.replication_port ?? device.port,
  });
}

/** Every row but the last is whole, and every assigned device exists. */
function validated(ring: RingData): RingData {
  const partitions = partitionCount(ring.partShift);
  if (ring.rows.length === 0) throw new RingError('there are no assignments');
  const known = new Uint8Array(Math.max(ring.devices.length, 1));
  ring.devices.forEach((device, id) => (known[id] = device === undefined ? 0 : 1));
  ring.rows.forEach((row, replica) => {
    const isLast = replica === ring.rows.length - 1 && replica > 0;
    if (row.length !== partitions && !isLast) throw new RingError('assignments are cut short');
    for (const id of row) if (known[id] !== 1) throw new RingError(`device ${id} is assigned but missing`);
  });
  return ring;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RingError('JSON is broken', error);
  }
}

function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RingError('JSON is no object');
  return value as Record<string, unknown>;
}

function numberOf(values: Record<string, unknown>, key: string): number {
  const value = values[key];
  if (typeof value !== 'number') throw new RingError(`${key} is missing`);
  return value;
}

function optionalNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
