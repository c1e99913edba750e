import { flushCompileCache } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData, type MessagePort, type Transferable } from 'node:worker_threads';
import { DatabaseExecutor, type MethodTable } from './database-executor.ts';
import type { DatabaseKind, ListingBody } from './store-types.ts';
import {
  serializeError,
  type Call,
  type FromWorker,
  type Reply,
  type ToWorker,
  type WorkerOptions,
} from './worker-protocol.ts';

/** Serves the calls that a store sends to this worker thread. `methods`: the store's, by name. */
export function serveDatabases(kind: DatabaseKind, methods: MethodTable): void {
  if (parentPort === null) throw new Error('not a worker thread');
  new WorkerServer(parentPort, kind, methods, workerData as WorkerOptions).start();
}

class WorkerServer {
  readonly #port: MessagePort;
  readonly #executor: DatabaseExecutor;
  #replies: Reply[] = [];

  constructor(port: MessagePort, kind: DatabaseKind, methods: MethodTable, options: WorkerOptions) {
    this.#port = port;
    const log = (level: 'warn' | 'error') => (message: string) => this.#send({ log: { level, message } });
    this.#executor = new DatabaseExecutor(kind, methods, options, { warn: log('warn'), error: log('error') });
  }

  start(): void {
    this.#port.on('message', (calls: ToWorker) => {
      if (calls === null) void this.#end();
      else for (const call of calls) void this.#serve(call);
    });
    // For threads of later starts, which then take half the memory.
    setImmediate(flushCompileCache);
  }

  async #serve(call: Call): Promise<void> {
    let reply: Reply;
    try {
      reply = { id: call.id, result: await this.#executor.run(call) };
    } catch (error) {
      reply = { id: call.id, error: serializeError(error) };
    }
    if (this.#replies.length === 0) setImmediate(() => this.#flush());
    this.#replies.push(reply);
  }

  /** Replies of one turn go in one message. */
  #flush(): void {
    if (this.#replies.length === 0) return;
    const replies = this.#replies;
    this.#replies = [];
    const owned = replies.flatMap((reply) => ('result' in reply ? ownedMemory(reply.result) : []));
    this.#send({ replies }, owned);
  }

  #send(message: FromWorker, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  async #end(): Promise<void> {
    await this.#executor.close();
    await nextTurn(); // the last replies are gathered meanwhile
    this.#flush();
    this.#port.close();
  }
}

/** Memory of a listing's body, which is handed over rather than copied. */
function ownedMemory(result: unknown): Transferable[] {
  if (typeof result !== 'object' || result === null || !('listing' in result)) return [];
  const listing = result.listing as ListingBody | null;
  return listing === null ? [] : [listing.bytes.buffer as ArrayBuffer];
}
