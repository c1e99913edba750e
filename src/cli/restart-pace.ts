/** How fast workers that die are replaced: at once after a good while of service, ever more slowly when they die again and again. */

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** A worker that served so long was a good one. */
const GOOD_SERVICE_MS = 30_000;

export class RestartPace {
  readonly #now: () => number;
  readonly #readySince = new WeakMap<object, number>();
  #failures = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  ready(worker: object): void {
    this.#readySince.set(worker, this.#now());
  }

  /** Milliseconds to wait before a worker that served is replaced. The first of several deaths costs none. */
  delayAfterDeath(worker: object): number {
    const served = this.#now() - (this.#readySince.get(worker) ?? this.#now());
    if (served >= GOOD_SERVICE_MS) this.#failures = 0;
    return this.#failures++ === 0 ? 0 : this.#delay();
  }

  delayAfterFailedStart(): number {
    this.#failures++;
    return this.#delay();
  }

  #delay(): number {
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#failures - 1, 10));
  }
}
