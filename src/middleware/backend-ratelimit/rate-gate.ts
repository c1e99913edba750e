/** Lets through what comes no faster than a rate, with some seconds' worth of it at once after a pause. */
export class RateGate {
  /** When the next is due. */
  #dueSec = -Infinity;

  /** `bufferSec`: what may have been saved up. Counts the one that is asked for when it may pass. */
  allows(perSecond: number, bufferSec: number, nowSec: number): boolean {
    this.#dueSec = Math.max(this.#dueSec, nowSec - bufferSec);
    if (nowSec < this.#dueSec) return false;
    this.#dueSec += 1 / perSecond;
    return true;
  }
}
