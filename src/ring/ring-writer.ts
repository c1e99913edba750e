import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { basename } from 'node:path';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { writeFileDurably } from '../common/durable-file.ts';
import type { RingDevice } from '../common/host.ts';
import { pythonFloat, pythonJson } from '../common/python-json.ts';
import { RING_HEAD_BYTES, RING_MAGIC, RingError, type AssignmentRow, type RingData } from './ring-data.ts';

export interface RingFormatOptions {
  /** 1, which every Swift reads, unless given or ids need more than 16 bits; 2 is for Swift 2.36 and later. */
  readonly formatVersion?: 1 | 2;
  /** Kept in the gzip member, as Python keeps it: the ring file's base name. */
  readonly name?: string;
}

/** Beyond what a version 1 file can tell from "no device". */
const TOO_WIDE = 0xffff;

/** Swift's own mark in every ring file, so that equal rings are equal files. */
const MTIME_SEC = 1300507380;

const IS_LITTLE = endianness() === 'LE';

/** Replaces a ring file in one step. Throws RingError as `formatRing`, and what writing throws. */
export async function writeRingFile(path: string, ring: RingData, options: RingFormatOptions = {}): Promise<void> {
  await writeFileDurably(path, formatRing(ring, { name: basename(path), ...options }), { mode: 0o644 });
}

/** The bytes of a ring file. Unpacked they are those that Python Swift writes. Throws RingError for ids too wide for a version asked for. */
export function formatRing(ring: RingData, options: RingFormatOptions = {}): Buffer {
  const isWide = ring.rows.some((row) => row.some((id) => id >= TOO_WIDE));
  const version = options.formatVersion ?? (isWide ? 2 : 1);
  if (version === 1 && isWide) throw new RingError('device ids do not fit a version 1 file');
  const member = new GzipMember(options.name ?? '');
  if (version === 1) writeVersion1(member, ring);
  else writeVersion2(member, ring, isWide ? 4 : 2);
  return member.end();
}

function writeVersion1(member: GzipMember, ring: RingData): void {
  const head = pythonObject({
    byteorder: '"little"',
    devs: devicesJson(ring),
    ...(ring.nextPartPower === null ? {} : { next_part_power: String(ring.nextPartPower) }),
    part_shift: String(ring.partShift),
    replica_count: String(ring.rows.length),
    ...(ring.version === null ? {} : { version: String(ring.version) }),
  });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  const rows = ring.rows.map((row) => rowBytes(row, 2, IS_LITTLE));
  member.add(Buffer.concat([fileHead(1), length, Buffer.from(head, 'latin1'), ...rows]), constants.Z_FINISH);
}

/** Magic, sections and index stand each in blocks of their own, so that a reader may begin at any of them. */
function writeVersion2(member: GzipMember, ring: RingData, idBytes: 2 | 4): void {
  const index: Record<string, string> = {};
  const section = (name: string, data: Buffer): void => {
    const from = member.position;
    const bytes = lengthPrefixed(data);
    member.add(bytes, constants.Z_FULL_FLUSH);
    const to = member.position;
    const places = [from.packed, from.unpacked, to.packed, to.unpacked];
    index[name] = `[${places.join(', ')}, "sha256", "${createHash('sha256').update(bytes).digest('hex')}"]`;
  };
  member.add(fileHead(2), constants.Z_FULL_FLUSH, 0);
  section('swift/ring/metadata', Buffer.from(metadataJson(ring, idBytes), 'latin1'));
  section('swift/ring/devices', Buffer.from(devicesJson(ring), 'latin1'));
  section('swift/ring/assignments', Buffer.concat(ring.rows.map((row) => rowBytes(row, idBytes, !IS_LITTLE))));
  const { packed, unpacked } = member.position;
  member.add(lengthPrefixed(Buffer.from(pythonObject(index), 'latin1')), constants.Z_FULL_FLUSH);
  member.add(uint64(unpacked), constants.Z_FULL_FLUSH, 0);
  member.add(uint64(packed), constants.Z_FULL_FLUSH, 0);
  member.add(Buffer.alloc(0), constants.Z_FINISH, 0);
}

function metadataJson(ring: RingData, idBytes: 2 | 4): string {
  const whole = ring.rows[0]?.length ?? 1;
  const last = ring.rows[ring.rows.length - 1]?.length ?? 0;
  return pythonObject({
    dev_id_bytes: String(idBytes),
    ...(ring.nextPartPower === null ? {} : { next_part_power: String(ring.nextPartPower) }),
    part_shift: String(ring.partShift),
    replica_count: pythonFloat(Math.max(ring.rows.length - 1, 0) + last / whole),
    version: String(ring.version),
  });
}

function devicesJson(ring: RingData): string {
  return `[${ring.devices.map((device) => (device === undefined ? 'null' : deviceJson(device))).join(', ')}]`;
}

/** Keys in order, and the weight as the float that it is to Python. */
function deviceJson(device: RingDevice): string {
  const keys = Object.keys(device).sort() as (keyof RingDevice)[];
  return pythonObject(
    Object.fromEntries(
      keys.map((key) => [key, key === 'weight' ? pythonFloat(device.weight) : pythonJson(device[key])]),
    ),
  );
}

/** An object in Python's JSON, of members that are JSON already. */
function pythonObject(members: Record<string, string>): string {
  return `{${Object.entries(members)
    .map(([key, json]) => `${pythonJson(key)}: ${json}`)
    .sort()
    .join(', ')}}`;
}

/** Ids in the machine's order of bytes, or the other one. */
function rowBytes(row: AssignmentRow, idBytes: 2 | 4, isNative: boolean): Buffer {
  const copy = idBytes === 2 ? Uint16Array.from(row) : Uint32Array.from(row);
  const bytes = Buffer.from(copy.buffer);
  if (isNative) return bytes;
  return idBytes === 2 ? bytes.swap16() : bytes.swap32();
}

function fileHead(version: 1 | 2): Buffer {
  const head = Buffer.alloc(RING_HEAD_BYTES);
  head.write(RING_MAGIC, 'latin1');
  head.writeUInt16BE(version, 4);
  return head;
}

function lengthPrefixed(data: Buffer): Buffer {
  return Buffer.concat([uint64(data.length), data]);
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A gzip member of pieces that are packed each by itself. */
class GzipMember {
  readonly #pieces: Buffer[] = [];
  #packed = 0;
  #unpacked = 0;
  #crc = 0;

  /** `name` as Python keeps it: without `.gz`, and left out when latin-1 cannot say it. */
  constructor(name: string) {
    const kept = name.endsWith('.gz') ? name.slice(0, -3) : name;
    const isNamed = kept !== '' && !/[^\x01-\xff]/.test(kept);
    const head = Buffer.from([0x1f, 0x8b, 8, isNamed ? 8 : 0, 0, 0, 0, 0, 2, 0xff]);
    head.writeUInt32LE(MTIME_SEC, 4);
    this.#push(isNamed ? Buffer.concat([head, Buffer.from(`${kept}\0`, 'latin1')]) : head);
  }

  /** Bytes so far, in the file and unpacked. */
  get position(): { readonly packed: number; readonly unpacked: number } {
    return { packed: this.#packed, unpacked: this.#unpacked };
  }

  add(bytes: Buffer, flush: number, level = 9): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#unpacked += bytes.length;
    this.#push(deflateRawSync(bytes, { level, finishFlush: flush }));
  }

  end(): Buffer {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#unpacked % 0x1_0000_0000, 4);
    this.#push(trailer);
    return Buffer.concat(this.#pieces);
  }

  #push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#packed += bytes.length;
  }
}
