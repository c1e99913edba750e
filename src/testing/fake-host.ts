import { type Constraints, DEFAULT_CONSTRAINTS } from '../common/constraints.ts';
import type { RingLookup, RingType, ServiceKey } from '../common/host.ts';
import { singlePolicy } from '../common/policy-sections.ts';
import type { Policies } from '../common/storage-policy.ts';
import { ServerHost } from '../compose/host.ts';
import { FakeLog } from './fake-log.ts';

export interface FakeHostOptions {
  /** Seconds since 1970 at which the clock stands. Default 0. */
  clock?: number;
  policies?: Policies;
  /** Over Swift's defaults. */
  constraints?: Partial<Constraints>;
  services?: readonly (readonly [ServiceKey<unknown>, unknown])[];
  /** Rings by type; asking for any other is an error. */
  rings?: Partial<Record<RingType, RingLookup>>;
  /** Folder of swift.conf and the rings, for filters that read there. */
  swiftDir?: string;
}

/**
 * The host of a pipeline under test: its clock stands still until the test sets it, its log keeps its lines. `close()` runs what was
 * registered with onClose, last first.
 */
export class FakeHost extends ServerHost {
  /** Seconds since 1970. */
  clock: number;
  declare readonly log: FakeLog;
  readonly #rings: Partial<Record<RingType, RingLookup>>;

  constructor(options: FakeHostOptions = {}) {
    super({
      log: new FakeLog(),
      swiftDir: options.swiftDir ?? '/nonexistent',
      policies: options.policies ?? singlePolicy(),
      constraints: { ...DEFAULT_CONSTRAINTS, ...options.constraints },
      hashPath: { prefix: Buffer.alloc(0), suffix: Buffer.from('changeme') },
      services: options.services ?? [],
      now: () => this.clock,
    });
    this.clock = options.clock ?? 0;
    this.#rings = options.rings ?? {};
  }

  override ring(type: RingType, policyIndex?: number): RingLookup {
    return this.#rings[type] ?? super.ring(type, policyIndex);
  }
}

export function fakeHost(options?: FakeHostOptions): FakeHost {
  return new FakeHost(options);
}
