import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import koffi from 'koffi';
import { SystemCallError } from './system-calls.ts';

/**
 * fsync by the kernel's own threads (Linux AIO, since 4.18), off the event loop: one call hands over all that is to be synced, and one thread
 * of Node's pool waits for whatever ends next. A way through the pool for each costs about twice as much, and a device that takes long would
 * keep its threads from all others. Where the kernel takes nothing, or no more, Node's pool does it.
 */

const syncInPool: (fd: number) => Promise<void> = promisify(fsync);

/** Under way at once; each may take a thread of the kernel's while the device is busy. The rest goes through the pool. */
const CAPACITY = 256;
/** Handed over in one call: a file's folders are four at most. */
const MOST_AT_ONCE = 8;

const CALL_NUMBERS: Partial<Record<string, { setup: number; submit: number; getEvents: number }>> = {
  x64: { setup: 206, submit: 209, getEvents: 208 },
  arm64: { setup: 0, submit: 2, getEvents: 4 },
};

/** Where things are in struct iocb and struct io_event. */
const [IOCB_BYTES, DATA_AT, OPCODE_AT, FD_AT] = [64, 0, 16, 20];
const [EVENT_BYTES, EVENT_DATA_AT, RESULT_AT] = [32, 0, 16];
const IOCB_CMD_FSYNC = 2;

const libc = koffi.load('libc.so.6');
const ioSetup = libc.func('long syscall(long number, unsigned int count, void *context)') as (
  number: number,
  count: number,
  context: Uint8Array,
) => number;
const ioSubmit = libc.func('long syscall(long number, uint64_t context, long count, void *requests)') as (
  number: number,
  context: bigint,
  count: number,
  requests: Uint8Array,
) => number;
const ioGetEvents = libc.func(
  'long syscall(long number, uint64_t context, long least, long most, void *events, void *timeout)',
) as {
  async: (
    number: number,
    context: bigint,
    least: number,
    most: number,
    events: Uint8Array,
    timeout: null,
    done: (error: unknown, count: number) => void,
  ) => void;
};

/**
 * Makes open files or directories durable. Settles once all have ended, so that the descriptors may be closed then; rejects with the first
 * failure, whose `code` is EIO, ENOSPC, …
 */
export function syncDescriptors(fds: readonly number[]): Promise<void> {
  queue ??= KernelQueue.open() ?? 'unavailable';
  return queue === 'unavailable' ? syncAllInPool(fds) : queue.sync(fds);
}

let queue: KernelQueue | 'unavailable' | undefined;

async function syncAllInPool(fds: readonly number[]): Promise<void> {
  const failure = (await Promise.allSettled(fds.map((fd) => syncInPool(fd)))).find(
    (outcome) => outcome.status === 'rejected',
  );
  if (failure !== undefined) throw failure.reason;
}

/** The descriptors of one call; settles when the last of them has ended. */
class Batch {
  readonly ended: Promise<void>;
  #left: number;
  #failure: unknown;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor(count: number) {
    this.#left = count;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  end(failure?: unknown): void {
    this.#failure ??= failure;
    if (--this.#left > 0) return;
    if (this.#failure === undefined) this.#resolve();
    else this.#reject(this.#failure);
  }
}

class KernelQueue {
  readonly #calls: { submit: number; getEvents: number };
  readonly #context: bigint;
  /** The kernel copies these when they are handed over; `#pointers` are their addresses. */
  readonly #requests = Buffer.alloc(MOST_AT_ONCE * IOCB_BYTES);
  readonly #pointers = Buffer.alloc(MOST_AT_ONCE * 8);
  readonly #events = Buffer.alloc(CAPACITY * EVENT_BYTES);
  /** By the number that a request carries. */
  readonly #underWay: (Batch | undefined)[] = new Array<Batch | undefined>(CAPACITY).fill(undefined);
  readonly #freeNumbers: number[] = Array.from({ length: CAPACITY }, (_, number) => number);
  #isWaiting = false;

  /** Undefined where the kernel has no AIO, forbids it, or has given out all it has. */
  static open(): KernelQueue | undefined {
    const calls = CALL_NUMBERS[process.arch];
    const context = Buffer.alloc(8);
    if (calls === undefined || ioSetup(calls.setup, CAPACITY, context) !== 0) return undefined;
    return new KernelQueue(calls, context.readBigUInt64LE());
  }

  private constructor(calls: { submit: number; getEvents: number }, context: bigint) {
    this.#calls = calls;
    this.#context = context;
    const address = koffi.address(this.#requests);
    for (let index = 0; index < MOST_AT_ONCE; index++) {
      this.#requests.writeUInt16LE(IOCB_CMD_FSYNC, index * IOCB_BYTES + OPCODE_AT);
      this.#pointers.writeBigUInt64LE(address + BigInt(index * IOCB_BYTES), index * 8);
    }
  }

  sync(fds: readonly number[]): Promise<void> {
    if (fds.length === 0 || fds.length > Math.min(MOST_AT_ONCE, this.#freeNumbers.length)) return syncAllInPool(fds);
    const batch = new Batch(fds.length);
    const numbers = fds.map((fd, index) => this.#describe(fd, index, batch));
    const taken = Math.max(0, ioSubmit(this.#calls.submit, this.#context, fds.length, this.#pointers));
    for (let index = taken; index < fds.length; index++) {
      this.#release(numbers[index] as number);
      syncInPool(fds[index] as number).then(
        () => batch.end(),
        (error: unknown) => batch.end(error),
      );
    }
    if (taken > 0) this.#wait();
    return batch.ended;
  }

  #describe(fd: number, index: number, batch: Batch): number {
    const number = this.#freeNumbers.pop() as number;
    this.#underWay[number] = batch;
    this.#requests.writeUInt32LE(number, index * IOCB_BYTES + DATA_AT);
    this.#requests.writeInt32LE(fd, index * IOCB_BYTES + FD_AT);
    return number;
  }

  #release(number: number): Batch {
    const batch = this.#underWay[number] as Batch;
    this.#underWay[number] = undefined;
    this.#freeNumbers.push(number);
    return batch;
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    ioGetEvents.async(this.#calls.getEvents, this.#context, 1, CAPACITY, this.#events, null, (error, count) => {
      this.#isWaiting = false;
      if (error instanceof Error) throw error;
      // Less than nothing when a signal came: then what is under way is waited for again.
      for (let index = 0; index < count; index++) this.#end(index * EVENT_BYTES);
      if (this.#freeNumbers.length < CAPACITY) this.#wait();
    });
  }

  #end(at: number): void {
    const result = Number(this.#events.readBigInt64LE(at + RESULT_AT));
    const batch = this.#release(this.#events.readUInt32LE(at + EVENT_DATA_AT));
    batch.end(result === 0 ? undefined : new SystemCallError('fsync', -result));
  }
}
