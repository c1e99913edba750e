/** Rests a server that failed too often: for a while nobody asks it. */

export interface RestOptions {
  /** Failures that a server may have within `intervalSeconds`. */
  limit: number;
  /** How long failures are remembered, and how long a server rests. 0: never. */
  intervalSeconds: number;
}

export class ServerHealth {
  readonly #options: RestOptions;
  /** Seconds since 1970, oldest first. */
  #failures: number[] = [];
  #restsUntil = 0;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  isResting(nowSeconds: number): boolean {
    return nowSeconds < this.#restsUntil;
  }

  /** Counts a failure; true when the server rests from now on. */
  failed(nowSeconds: number): boolean {
    const { limit, intervalSeconds } = this.#options;
    if (intervalSeconds <= 0 || this.isResting(nowSeconds)) return false;
    this.#failures = this.#failures.filter((time) => time > nowSeconds - intervalSeconds);
    this.#failures.push(nowSeconds);
    if (this.#failures.length <= limit) return false;
    this.#failures = [];
    this.#restsUntil = nowSeconds + intervalSeconds;
    return true;
  }
}
