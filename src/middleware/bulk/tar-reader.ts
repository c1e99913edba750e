/** Reads a tar archive from a body, member by member, in constant memory. */

import { type BodyStream, nativeFromWire } from '../../middleware-api.ts';
import { ByteSource } from './byte-source.ts';
import { MemberBody } from './member-body.ts';
import { expandSparse, oldSparseMap, paxSparseMember, type SparseMap } from './tar-sparse.ts';
import { BLOCK_BYTES, hasData, parsePaxRecords, parseTarHeader, TarError, type TarHeader } from './tar-header.ts';

export interface TarMember {
  /** As the archive has it; native text. */
  readonly name: string;
  /** A file, whose `body` may be read before the next member is asked for. Anything else has none. */
  readonly isFile: boolean;
  /** Bytes of the file, holes included. */
  readonly sizeBytes: number;
  /** Global and own pax records; keys and values native text. */
  readonly pax: ReadonlyMap<string, string>;
  readonly body: BodyStream;
}

/** Longest header of a long name or of pax that is read into memory. */
const MAX_LONG_HEADER_BYTES = 1024 * 1024;
/** Most of what global headers say together: it is held all along, and looked through for each member. */
const MAX_GLOBAL_PAX_BYTES = 64 * 1024;
const FILE_TYPES = new Set(['0', '7', 'S']);

/** What headers before a member's own say of it. */
interface Preface {
  longName?: string;
  pax?: Map<string, string>;
  paxBytes?: Buffer;
}

export class TarReader {
  readonly #source: ByteSource;
  #globalPax = new Map<string, string>();
  #current: MemberBody | undefined;
  #begun = false;

  constructor(archive: BodyStream) {
    this.#source = new ByteSource(archive);
  }

  /** The next member, undefined at the end; what was not read of the one before is passed over. Throws TarError. */
  async next(): Promise<TarMember | undefined> {
    await this.#current?.skipRest();
    this.#current = undefined;
    const preface: Preface = {};
    for (;;) {
      const header = await this.#header(preface);
      if (header === undefined) return undefined;
      if (!(await this.#takePreface(header, preface))) return this.#member(header, preface);
    }
  }

  /** What broke the archive or the body that it comes in, once something did. */
  get failure(): Error | undefined {
    return this.#source.failure;
  }

  close(): void | Promise<void> {
    return this.#source.close();
  }

  /** Undefined at the archive's end, with its marker or without. */
  async #header(preface: Preface): Promise<TarHeader | undefined> {
    const block = await this.#source.exactly(BLOCK_BYTES);
    const isFirst = !this.#begun;
    const isBehindPreface = preface.longName !== undefined || preface.pax !== undefined;
    this.#begun = true;
    if (block.length === 0 && isFirst) throw new TarError('empty file');
    if (block.length > 0 && block.length < BLOCK_BYTES) throw new TarError('truncated header');
    const header = block.length === 0 ? undefined : parseTarHeader(block);
    if (header === undefined && isBehindPreface) throw new TarError('missing or bad subsequent header');
    if (header !== undefined && header.sizeBytes < 0) throw new TarError('invalid header');
    return header;
  }

  /** Takes in a header that only tells of the next one. False for any other. */
  async #takePreface(header: TarHeader, preface: Preface): Promise<boolean> {
    switch (header.type) {
      case 'L': {
        const data = await this.#longHeader(header);
        const end = data.indexOf(0);
        preface.longName ??= nameOf(end < 0 ? data : data.subarray(0, end));
        return true;
      }
      case 'K':
        await this.#longHeader(header);
        return true;
      case 'g':
        this.#addGlobalPax(parsePaxRecords(await this.#longHeader(header)));
        return true;
      case 'x':
      case 'X':
        preface.paxBytes = await this.#longHeader(header);
        preface.pax = parsePaxRecords(preface.paxBytes);
        return true;
      default:
        return false;
    }
  }

  #addGlobalPax(records: ReadonlyMap<string, string>): void {
    this.#globalPax = new Map([...this.#globalPax, ...records]);
    let length = 0;
    for (const [key, value] of this.#globalPax) length += key.length + value.length;
    if (length > MAX_GLOBAL_PAX_BYTES) throw new TarError('invalid header');
  }

  async #longHeader({ sizeBytes }: TarHeader): Promise<Buffer> {
    if (sizeBytes > MAX_LONG_HEADER_BYTES) throw new TarError('invalid header');
    const data = await this.#source.exactly(sizeBytes);
    if (data.length < sizeBytes || !(await this.#source.skip(paddingOf(sizeBytes)))) {
      throw new TarError('unexpected end of data');
    }
    return data;
  }

  async #member(header: TarHeader, preface: Preface): Promise<TarMember> {
    const pax = preface.pax === undefined ? this.#globalPax : new Map([...this.#globalPax, ...preface.pax]);
    const storedBytes = hasData(header) ? (paxSize(pax) ?? header.sizeBytes) : 0;
    const own = preface.longName ?? (pax.get('path') ?? header.name).replace(/\/+$/, header.type === '5' ? '' : '$&');
    let sparse: SparseMap | undefined;
    if (header.type === 'S') sparse = await oldSparseMap(this.#source, header);
    const stored = new MemberBody(this.#source, storedBytes, paddingOf(storedBytes));
    this.#current = stored;
    const renamed = sparse === undefined ? await paxSparseMember(pax, preface.paxBytes, stored) : undefined;
    sparse ??= renamed?.map;
    return {
      name: renamed?.name ?? own,
      isFile: FILE_TYPES.has(header.type),
      sizeBytes: sparse?.sizeBytes ?? storedBytes,
      pax,
      body: sparse === undefined ? stored : expandSparse(sparse, stored),
    };
  }
}

function nameOf(bytes: Buffer): string {
  return nativeFromWire(bytes.toString('latin1'));
}

function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function paxSize(pax: ReadonlyMap<string, string>): number | undefined {
  const text = pax.get('size');
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new TarError('invalid header');
  return Number(text);
}
