/** The one implementation of Host: what a composition root (a command, the test kit) hands to the apps and filters it makes. */

import { join } from 'node:path';
import type { Constraints } from '../common/constraints.ts';
import type { HashPathConfig } from '../common/hash-path.ts';
import type { Host, InfoRegistry, Logger, RingLookup, RingType, ServiceKey } from '../common/host.ts';
import { systemTimeSec } from '../common/system-calls.ts';
import { type Policies, policyFolder } from '../common/storage-policy.ts';
import { Ring } from '../ring/ring.ts';
import { PipelineInfo } from './info-registry.ts';

export interface HostOptions {
  log: Logger;
  swiftDir: string;
  policies: Policies;
  constraints: Constraints;
  hashPath: HashPathConfig;
  services?: readonly (readonly [ServiceKey<unknown>, unknown])[];
  now?: () => number;
}

export class ServerHost implements Host {
  readonly log: Logger;
  readonly swiftDir: string;
  readonly policies: Policies;
  readonly constraints: Constraints;
  readonly hashPath: HashPathConfig;
  readonly info: InfoRegistry = new PipelineInfo();
  readonly now: () => number;
  /** By type, for objects by policy index. */
  #rings = new Map<RingType | number, RingLookup>();
  #services: Map<ServiceKey<unknown>, unknown>;
  #closers: (() => void | Promise<void>)[] = [];

  constructor(options: HostOptions) {
    this.log = options.log;
    this.swiftDir = options.swiftDir;
    this.policies = options.policies;
    this.constraints = options.constraints;
    this.hashPath = options.hashPath;
    this.now = options.now ?? systemTimeSec;
    this.#services = new Map(options.services ?? []);
  }

  ring(type: RingType, policyIndex = 0): RingLookup {
    const key = type === 'object' ? policyIndex : type;
    let ring = this.#rings.get(key);
    if (ring === undefined) this.#rings.set(key, (ring = this.#loadRing(type, policyIndex)));
    return ring;
  }

  #loadRing(type: RingType, policyIndex: number): RingLookup {
    const path = join(this.swiftDir, `${type === 'object' ? policyFolder('object', policyIndex) : type}.ring.gz`);
    return Ring.load(path, this.hashPath, {
      onReloadError: (error) => this.log.error(`${path} changed and cannot be loaded; the old ring goes on`, error),
    });
  }

  service<T>(key: ServiceKey<T>): T | undefined {
    return this.#services.get(key) as T | undefined;
  }

  onClose(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Takes the pipeline down: runs what was registered with onClose, last first. A closer that fails does not keep the others from running. */
  async close(): Promise<void> {
    const faults: unknown[] = [];
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'the pipeline did not close cleanly');
  }
}
