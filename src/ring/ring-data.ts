import type { RingDevice } from '../common/host.ts';

/** How ring files begin, before the two bytes of their version. */
export const RING_MAGIC = 'R1NG';
export const RING_HEAD_BYTES = 6;

export type AssignmentRow = Uint16Array | Uint32Array;

/** What a ring file holds. */
export interface RingData {
  /** By id; undefined where a device was removed. */
  readonly devices: readonly (RingDevice | undefined)[];
  /** 32 minus the partition power. */
  readonly partShift: number;
  /** Device ids by partition, one row for each replica; the last row may be shorter than the others. */
  readonly rows: readonly AssignmentRow[];
  readonly nextPartPower: number | null;
  /** The builder's version; null when the file does not say. */
  readonly version: number | null;
}

/** A file is no ring, or a broken one. */
export class RingError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RingError';
  }
}
