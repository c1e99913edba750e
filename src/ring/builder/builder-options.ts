import type { RingDevice } from '../../common/host.ts';
import type { RebalanceProgress } from './rebalance.ts';

/** A device to be added. `id` is the lowest free one unless given, `replication_*` are as `ip` and `port`, `meta` is empty. */
export type NewDevice = Pick<RingDevice, 'region' | 'zone' | 'ip' | 'port' | 'device' | 'weight'> &
  Partial<Pick<RingDevice, 'id' | 'meta' | 'replication_ip' | 'replication_port'>>;

/** What may be changed of a device without moving partitions. */
export type DeviceInfo = Partial<
  Pick<RingDevice, 'ip' | 'port' | 'device' | 'meta' | 'replication_ip' | 'replication_port'>
>;

export interface RebalanceOptions {
  /** Makes equal input give equal placement. Numbers and text are seeds alike (7 and '7' are one). Random unless given. */
  readonly seed?: string | number;
  /** Told as work goes on, some ten times a second at most; rebalance itself does not return to the event loop. */
  readonly onProgress?: (progress: RebalanceProgress) => void;
}

export interface RebalanceResult {
  /** Replicas of partitions that have another device than before; all of them the first time. */
  readonly movedParts: number;
  /** As `balance()`. */
  readonly balance: number;
  /** Devices that were marked for removal and are gone now. */
  readonly removedDevices: number;
}

export interface BuilderOptions {
  /** Unix time in seconds; the machine's clock unless given. */
  readonly nowSec?: () => number;
}
