import type { BodyStream } from '../../middleware-api.ts';

/** A body that counts what was read of it and says when it is over. */
export class CountingBody implements BodyStream {
  count = 0;
  readonly #source: BodyStream;
  #finished: ((count: number, broken: boolean) => void) | undefined;

  /** `finished` is called once: at the end of the body or when it is closed, with true when it broke. */
  constructor(source: BodyStream, finished?: (count: number, broken: boolean) => void) {
    this.#source = source;
    this.#finished = finished;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const next = this.#source.read();
    if (!(next instanceof Promise)) return this.#take(next);
    return next.then(
      (chunk) => this.#take(chunk),
      (error: unknown) => {
        this.#end(true);
        throw error;
      },
    );
  }

  async pass(take: (chunk: Uint8Array) => boolean, isFree?: boolean): Promise<void> {
    await this.#source.pass?.((chunk) => {
      this.count += chunk.length;
      return take(chunk);
    }, isFree);
  }

  #take(chunk: Uint8Array | null): Uint8Array | null {
    if (chunk === null) this.#end(false);
    else this.count += chunk.length;
    return chunk;
  }

  close(): void | Promise<void> {
    this.#end(false);
    return this.#source.close();
  }

  #end(broken: boolean): void {
    this.#finished?.(this.count, broken);
    this.#finished = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) yield chunk;
    } finally {
      await this.close();
    }
  }
}
