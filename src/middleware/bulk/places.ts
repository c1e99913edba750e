/** A number of places: who finds none free waits for one, in the order of coming. */

import { ClientDisconnect } from '../../middleware-api.ts';

export class Places {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with what gives the place back, once. Throws ClientDisconnect when the signal aborts before there is one. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw new ClientDisconnect();
    if (this.#free === 0) await this.#wait(signal);
    else this.#free--;
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack();
      isTaken = false;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(goOn);
        reject(new ClientDisconnect());
      };
      this.#waiting.add(goOn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
