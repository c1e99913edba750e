import type { RebalanceProgress } from '../../ring/builder/rebalance.ts';
import type { Terminal } from '../terminal.ts';

const PATIENCE_MS = 2000;

/** Tells how far a rebalance is, once it has taken longer than one likes to wait in the dark. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #isDebug: boolean;
  #nextMs = performance.now() + PATIENCE_MS;
  #phase: string | undefined;

  /** `isDebug` also prints each phase as it begins. */
  constructor(terminal: Terminal, isDebug: boolean) {
    this.#terminal = terminal;
    this.#isDebug = isDebug;
  }

  show({ phase, done, total }: RebalanceProgress): void {
    if (this.#isDebug && phase !== this.#phase) this.#terminal.print(`DEBUG: ${phase}: ${total} partitions`);
    this.#phase = phase;
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + PATIENCE_MS;
    this.#terminal.progress(`Rebalancing: ${phase}, ${Math.floor((100 * done) / Math.max(total, 1))}%`);
  }

  end(): void {
    this.#terminal.progress('');
  }
}
