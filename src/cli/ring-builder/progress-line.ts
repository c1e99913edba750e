import type { RebalanceProgress } from '../../ring/builder/rebalance.ts';
import type { Terminal } from '../terminal.ts';

const PATIENCE_MS = 2000;

export interface ProgressLineOptions {
  /** Also prints each phase as it begins. */
  readonly isDebug: boolean;
  /** Milliseconds on any steady clock. */
  readonly nowMs?: () => number;
}

/** Tells how far a rebalance is, once it has taken longer than one likes to wait in the dark. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #isDebug: boolean;
  readonly #nowMs: () => number;
  #nextMs: number;
  #phase: string | undefined;

  constructor(terminal: Terminal, { isDebug, nowMs = () => performance.now() }: ProgressLineOptions) {
    this.#terminal = terminal;
    this.#isDebug = isDebug;
    this.#nowMs = nowMs;
    this.#nextMs = nowMs() + PATIENCE_MS;
  }

  show({ phase, done, total }: RebalanceProgress): void {
    if (this.#isDebug && phase !== this.#phase) this.#terminal.print(`DEBUG: ${phase}: ${total} partitions`);
    this.#phase = phase;
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + PATIENCE_MS;
    this.#terminal.progress(`Rebalancing: ${phase}, ${Math.floor((100 * done) / Math.max(total, 1))}%`);
  }

  end(): void {
    this.#terminal.progress('');
  }
}
