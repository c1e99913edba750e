/** Rests nodes that err: one that failed too often within an interval is not asked until it has had that long without an error. */

export interface LimitedNode {
  readonly ip: string;
  readonly port: number;
  readonly device: string;
}

export interface ErrorLimiterOptions {
  /** How long a node rests after its last error, and how long errors are remembered. 0: nodes are never rested. */
  suppressionIntervalSec: number;
  /** Errors a node may make before it rests. */
  suppressionLimit: number;
  /** Seconds since 1970. */
  now: () => number;
}

interface ErrorRecord {
  errors: number;
  lastErrorSec: number;
}

export class ErrorLimiter {
  readonly #options: ErrorLimiterOptions;
  readonly #records = new Map<string, ErrorRecord>();

  constructor(options: ErrorLimiterOptions) {
    this.#options = options;
  }

  /** True while the node rests. */
  isLimited(node: LimitedNode): boolean {
    if (this.#records.size === 0) return false;
    const key = nodeKey(node);
    const record = this.#records.get(key);
    if (record === undefined) return false;
    if (record.lastErrorSec < this.#options.now() - this.#options.suppressionIntervalSec) {
      this.#records.delete(key);
      return false;
    }
    return record.errors > this.#options.suppressionLimit;
  }

  /** Counts an error; true when the node rests from now on. */
  increment(node: LimitedNode): boolean {
    if (this.#options.suppressionIntervalSec <= 0) return false;
    const record = this.#record(node);
    record.errors += 1;
    return record.errors > this.#options.suppressionLimit;
  }

  /** Rests the node at once. */
  limit(node: LimitedNode): void {
    if (this.#options.suppressionIntervalSec <= 0) return;
    this.#record(node).errors = this.#options.suppressionLimit + 1;
  }

  #record(node: LimitedNode): ErrorRecord {
    const key = nodeKey(node);
    let record = this.#records.get(key);
    if (record === undefined) this.#records.set(key, (record = { errors: 0, lastErrorSec: 0 }));
    record.lastErrorSec = this.#options.now();
    return record;
  }
}

function nodeKey(node: LimitedNode): string {
  return `${node.ip}:${node.port}/${node.device}`;
}
