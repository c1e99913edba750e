import { statSync } from 'node:fs';
import { hashPath, partitionOfHash, type HashPathConfig } from '../common/hash-path.ts';
import type { RingDevice, RingLookup, RingNode } from '../common/host.ts';
import { DeviceTiers, handoffIds } from './handoffs.ts';
import { loadRingFile, loadRingFileAsync, type RingData } from './ring-file.ts';

const CHECK_INTERVAL_MS = 15_000;

export interface RingOptions {
  /** Milliseconds between looks at the file; 15,000 unless given. */
  readonly checkIntervalMs?: number;
  /** Milliseconds on any steady clock. */
  readonly nowMs?: () => number;
  /** Told when a changed file could not be loaded; the ring stays as it was, and the next look tries again. */
  readonly onReloadError?: (error: unknown) => void;
}

/** A ring that follows its file. Lookups never wait: a changed file is loaded aside and then swapped in. */
export class Ring implements RingLookup {
  readonly #path: string;
  readonly #hashPath: HashPathConfig;
  readonly #options: RingOptions;
  readonly #nowMs: () => number;
  readonly #checkIntervalMs: number;
  #tables: RingTables;
  #mtimeMs: number;
  #checkedAtMs: number;
  #reload: Promise<void> | undefined;

  private constructor(path: string, hashPathConfig: HashPathConfig, options: RingOptions) {
    this.#path = path;
    this.#hashPath = hashPathConfig;
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#checkIntervalMs = options.checkIntervalMs ?? CHECK_INTERVAL_MS;
    this.#mtimeMs = statSync(path).mtimeMs;
    this.#tables = new RingTables(loadRingFile(path));
    this.#checkedAtMs = this.#nowMs();
  }

  /** Loads a ring file. Throws RingError, or ENOENT and the like. */
  static load(path: string, hashPathConfig: HashPathConfig, options: RingOptions = {}): Ring {
    return new Ring(path, hashPathConfig, options);
  }

  get replicaCount(): number {
    return this.#current().data.rows.length;
  }

  /** With its fraction, such as 2.5. */
  get exactReplicaCount(): number {
    const { rows } = this.#current().data;
    return rows.length - 1 + (rows[rows.length - 1]?.length ?? 0) / (rows[0]?.length ?? 1);
  }

  get partPower(): number {
    return 32 - this.#current().data.partShift;
  }

  get nextPartPower(): number | null {
    return this.#current().data.nextPartPower;
  }

  get devices(): readonly RingDevice[] {
    return this.#current().devices;
  }

  /** All that the file holds. */
  get data(): RingData {
    return this.#current().data;
  }

  partitionOf(account: string, container?: string, object?: string): number {
    return partitionOfHash(hashPath(this.#hashPath, account, container, object), this.partPower);
  }

  /** Empty for a partition that the ring does not have, as may be just after its partition power changed. */
  primaries(partition: number): readonly RingNode[] {
    return this.#current().primaries(partition);
  }

  handoffs(partition: number): IterableIterator<RingNode> {
    return this.#current().handoffs(partition);
  }

  /** Resolves when no load of a changed file is under way. */
  async settled(): Promise<void> {
    await this.#reload;
  }

  #current(): RingTables {
    const nowMs = this.#nowMs();
    if (nowMs - this.#checkedAtMs > this.#checkIntervalMs) {
      this.#checkedAtMs = nowMs;
      this.#reload ??= this.#reloadWhenChanged().finally(() => (this.#reload = undefined));
    }
    return this.#tables;
  }

  async #reloadWhenChanged(): Promise<void> {
    try {
      const { mtimeMs } = statSync(this.#path);
      if (mtimeMs === this.#mtimeMs) return;
      this.#tables = new RingTables(await loadRingFileAsync(this.#path));
      this.#mtimeMs = mtimeMs;
    } catch (error) {
      this.#options.onReloadError?.(error);
    }
  }
}

/** Lookups over one loaded file. Nodes are made once and shared. */
class RingTables {
  readonly data: RingData;
  readonly devices: readonly RingDevice[];
  readonly #primaries: (readonly RingNode[] | undefined)[];
  /** By index in the list of primaries, by device id. */
  readonly #nodes: (RingNode | undefined)[][];
  #tiers: DeviceTiers | undefined;

  constructor(data: RingData) {
    this.data = data;
    this.devices = data.devices.filter((device) => device !== undefined);
    this.#primaries = new Array<readonly RingNode[] | undefined>(data.rows[0]?.length ?? 0);
    this.#nodes = data.rows.map(() => []);
  }

  primaries(partition: number): readonly RingNode[] {
    const known = this.#primaries[partition];
    if (known !== undefined) return known;
    if (!(partition >= 0 && partition < this.#primaries.length)) return [];
    const ids: number[] = [];
    for (const row of this.data.rows) {
      const id = row[partition];
      if (id !== undefined && !ids.includes(id)) ids.push(id);
    }
    return (this.#primaries[partition] = ids.map((id, index) => this.#node(id, index)));
  }

  *handoffs(partition: number): Generator<RingNode, void, void> {
    this.#tiers ??= new DeviceTiers(this.data);
    const primaryIds = this.primaries(partition).map((node) => node.id);
    if (primaryIds.length === 0) return;
    let handoffIndex = 0;
    for (const id of handoffIds(this.data, this.#tiers, partition, primaryIds)) {
      yield { ...(this.data.devices[id] as RingDevice), handoff_index: handoffIndex++ };
    }
  }

  #node(id: number, index: number): RingNode {
    const nodes = this.#nodes[index] as (RingNode | undefined)[];
    return (nodes[id] ??= Object.freeze({ ...(this.data.devices[id] as RingDevice), index }));
  }
}
