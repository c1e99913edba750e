/**
 * Files with holes, as GNU tar stores them: what is no hole, one piece behind the other, and a map of where the pieces go. The map is
 * in the header (type S), in pax records (formats 0.0 and 0.1) or before the data (1.0).
 */

import { type BodyStream, bodyStream } from '../../middleware-api.ts';
import type { ByteSource } from './byte-source.ts';
import type { MemberBody } from './member-body.ts';
import { BLOCK_BYTES, paxRecords, TarError, type TarHeader, tarNumber } from './tar-header.ts';

export interface SparsePiece {
  readonly offset: number;
  readonly length: number;
}

export interface SparseMap {
  /** Of the file with its holes. */
  readonly sizeBytes: number;
  readonly pieces: readonly SparsePiece[];
}

const MAX_PIECES = 100_000;
const ZEROS = Buffer.alloc(65536);

/** Map of a member of type S; reads the blocks behind its header that go on with it. Throws TarError. */
export async function oldSparseMap(source: ByteSource, { block }: TarHeader): Promise<SparseMap> {
  const pieces = piecesAt(block, 386, 4);
  for (let goesOn = block[482] !== 0; goesOn;) {
    const more = await source.exactly(BLOCK_BYTES);
    if (more.length < BLOCK_BYTES) throw new TarError('unexpected end of data');
    pieces.push(...piecesAt(more, 0, 21));
    if (pieces.length > MAX_PIECES) throw new TarError('invalid header');
    goesOn = more[504] !== 0;
  }
  return checked({ sizeBytes: tarNumber(block, 483, 12), pieces });
}

function piecesAt(block: Buffer, start: number, count: number): SparsePiece[] {
  const pieces: SparsePiece[] = [];
  for (let at = start; at < start + count * 24; at += 24) {
    const length = tarNumber(block, at + 12, 12);
    if (length > 0) pieces.push({ offset: tarNumber(block, at, 12), length });
  }
  return pieces;
}

/**
 * Map, and name where it is elsewhere than usual, of a member whose pax records say that it has holes; undefined for any other.
 * `records`: the member's own pax header, `data`: what is stored, from which a map before the data is taken. Throws TarError.
 */
export async function paxSparseMember(
  pax: ReadonlyMap<string, string>,
  records: Buffer | undefined,
  data: MemberBody,
): Promise<{ map: SparseMap; name: string | undefined } | undefined> {
  const numbers = await paxNumbers(pax, records, data);
  if (numbers === undefined) return undefined;
  const sizeBytes = decimal(pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size') ?? '');
  const pieces: SparsePiece[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    const [offset, length] = [numbers[at] as number, numbers[at + 1] as number];
    if (length > 0) pieces.push({ offset, length });
  }
  return { map: checked({ sizeBytes, pieces }), name: pax.get('GNU.sparse.name') };
}

/** Offsets and lengths in turn. */
async function paxNumbers(
  pax: ReadonlyMap<string, string>,
  records: Buffer | undefined,
  data: MemberBody,
): Promise<number[] | undefined> {
  const map = pax.get('GNU.sparse.map');
  if (map !== undefined) return map.split(',').map(decimal);
  if (pax.has('GNU.sparse.size') && records !== undefined) {
    const ofPieces = ['GNU.sparse.offset', 'GNU.sparse.numbytes'];
    return [...paxRecords(records)].filter(([key]) => ofPieces.includes(key)).map(([, value]) => decimal(value));
  }
  if (pax.get('GNU.sparse.major') !== '1' || pax.get('GNU.sparse.minor') !== '0') return undefined;
  return numbersBeforeData(data);
}

/** One number a line, the count of pieces first, filled up to whole blocks. */
async function numbersBeforeData(data: MemberBody): Promise<number[]> {
  const numbers: number[] = [];
  let wanted = 1;
  let line = '';
  while (numbers.length < wanted) {
    const lines = (line + (await data.exactly(BLOCK_BYTES)).toString('latin1')).split('\n');
    line = lines.pop() as string;
    for (const text of lines) {
      if (numbers.length === wanted) break;
      numbers.push(decimal(text));
      if (numbers.length === 1) wanted = 1 + 2 * (numbers[0] as number);
    }
    if (wanted > 2 * MAX_PIECES + 1 || line.length > BLOCK_BYTES) throw new TarError('invalid header');
  }
  return numbers.slice(1);
}

function decimal(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new TarError('invalid header');
  return Number(text);
}

function checked(map: SparseMap): SparseMap {
  let end = 0;
  for (const { offset, length } of map.pieces) {
    if (offset < end || offset + length > map.sizeBytes) throw new TarError('invalid header');
    end = offset + length;
  }
  return map;
}

/** The file with its holes as zeros. */
export function expandSparse(map: SparseMap, stored: BodyStream): BodyStream {
  return bodyStream(expanded(map, stored));
}

async function* expanded({ sizeBytes, pieces }: SparseMap, stored: BodyStream): AsyncGenerator<Uint8Array> {
  let at = 0;
  let pending: Uint8Array = ZEROS.subarray(0, 0);
  for (const { offset, length } of pieces) {
    yield* zeros(offset - at);
    for (let missing = length; missing > 0;) {
      if (pending.length === 0) {
        const chunk = await stored.read();
        if (chunk === null) throw new TarError('unexpected end of data');
        pending = chunk;
      }
      const part = pending.subarray(0, missing);
      pending = pending.subarray(part.length);
      missing -= part.length;
      yield part;
    }
    at = offset + length;
  }
  yield* zeros(sizeBytes - at);
}

function* zeros(count: number): Generator<Uint8Array> {
  for (let missing = count; missing > 0; missing -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(missing, ZEROS.length));
}
