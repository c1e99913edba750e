/** What a pipeline gets from the process that runs it; no module of Apus keeps such things in globals. */

import type { Constraints } from './constraints.ts';
import type { Policies } from './storage-policy.ts';
import type { HashPathConfig } from './hash-path.ts';

export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
  /** A logger whose lines carry this transaction id. */
  withTransaction(transId: string): Logger;
  /** A logger with the name, facility, level and address of a section's own `log_*` or `access_log_*` options. */
  withOptions(conf: Readonly<Record<string, string>>, prefix?: string): Logger;
}

/** One device of a ring. Keys that Apus does not know are kept. */
export interface RingDevice {
  readonly id: number;
  readonly region: number;
  readonly zone: number;
  readonly ip: string;
  readonly port: number;
  readonly replication_ip: string;
  readonly replication_port: number;
  readonly device: string;
  readonly weight: number;
  readonly meta: string;
}

/** A device as a lookup yields it: primaries carry `index`, handoffs `handoff_index`. */
export interface RingNode extends RingDevice {
  readonly index?: number;
  readonly handoff_index?: number;
}

export interface RingLookup {
  /** Number of rows, rounded up: 3 for a ring of 2.5 replicas. */
  readonly replicaCount: number;
  readonly partPower: number;
  readonly nextPartPower: number | null;
  /** Every device that is not removed. */
  readonly devices: readonly RingDevice[];
  /** Partition of `/account[/container[/object]]`, names in native form. */
  partitionOf(account: string, container?: string, object?: string): number;
  primaries(partition: number): readonly RingNode[];
  /** The handoffs in Swift's order, computed as they are asked for. */
  handoffs(partition: number): IterableIterator<RingNode>;
}

export type RingType = 'account' | 'container' | 'object';

/** What `/info` tells. Sections are registered by filters and apps when they are made. */
export interface InfoRegistry {
  register(section: string, values: Record<string, unknown>): void;
  registerAdmin(section: string, values: Record<string, unknown>): void;
  /** The public sections, or all of them for an admin; sections and `section.key` in `disallowed` are left out. */
  get(options?: { admin?: boolean; disallowed?: readonly string[] }): Record<string, unknown>;
}

/** Names a service that a composition root hands to apps and filters, with its type. */
export interface ServiceKey<T> {
  readonly name: string;
  /** Never set; ties T to the key. */
  readonly type?: T;
}

export interface Host {
  /** Seconds since 1970 with fractions. */
  now(): number;
  readonly log: Logger;
  /** Folder of rings and swift.conf. */
  readonly swiftDir: string;
  readonly policies: Policies;
  readonly constraints: Constraints;
  readonly hashPath: HashPathConfig;
  readonly info: InfoRegistry;
  /** The ring of a type, and for objects of a policy. Reloaded when the file changes. Throws when there is none. */
  ring(type: RingType, policyIndex?: number): RingLookup;
  /** A service of the composition root, for example the way to the storage nodes. */
  service<T>(key: ServiceKey<T>): T | undefined;
  /** Called when the pipeline is taken down, last registered first. */
  onClose(close: () => void | Promise<void>): void;
}
