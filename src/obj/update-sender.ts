/** Sends rows to container servers and keeps what could not be delivered for the updater. */

import type { BackendTransport } from '../backend/transport.ts';
import type { Logger } from '../common/host.ts';
import { RunningWork } from '../common/running-work.ts';
import { Timestamp } from '../common/timestamp.ts';
import { type ContainerTarget, deliverRow, faultText } from './row-delivery.ts';
import type { AsyncPendingStore, AsyncUpdate } from './storage.ts';

export interface UpdateSenderOptions {
  readonly transport: BackendTransport;
  readonly asyncPending: AsyncPendingStore;
  readonly connectTimeoutMs: number;
  readonly nodeTimeoutMs: number;
  /** How long a request waits for its container updates. */
  readonly waitMs: number;
}

export class UpdateSender {
  readonly userAgent: string = `object-server ${process.pid}`;
  readonly #options: UpdateSenderOptions;
  /** Deliveries that outlived their request; `close` waits for them. */
  readonly #running = new RunningWork();

  constructor(options: UpdateSenderOptions) {
    this.#options = options;
  }

  /** Delivers one row; a row that is refused, lost or has no target is stored as async_pending. Never rejects. */
  async send(
    device: string,
    policyIndex: number,
    update: AsyncUpdate,
    target: ContainerTarget | undefined,
    log: Logger,
  ): Promise<void> {
    if (target !== undefined && (await this.#deliver(update, target, log))) return;
    try {
      await this.#options.asyncPending.save(device, policyIndex, update, updateTimestamp(update));
    } catch (error) {
      log.error(`ERROR async update of /${update.account}/${update.container} could not be kept on ${device}`, error);
    }
  }

  /** Delivers rows side by side and waits for them no longer than `waitMs`; the rest goes on by itself. Never rejects. */
  async sendAll(sends: readonly Promise<void>[]): Promise<void> {
    const all = Promise.all(sends);
    this.#running.add(all);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#options.waitMs);
      void all.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Waits until every row is delivered or kept. */
  async close(): Promise<void> {
    await this.#running.idle();
  }

  async #deliver(update: AsyncUpdate, target: ContainerTarget, log: Logger): Promise<boolean> {
    const where = `${target.ip}:${target.port}/${target.device}`;
    try {
      const answer = await deliverRow(this.#options.transport, target, update, [], this.#options);
      if (answer.status >= 200 && answer.status < 300) return true;
      log.error(
        `ERROR Container update failed (saving for async update later): ${answer.status} response from ${where}`,
      );
    } catch (error) {
      log.error(`ERROR container update failed with ${where} (saving for async update later): ${faultText(error)}`);
    }
    return false;
  }
}

/** The time under which an update is kept: that of its metadata, else its own. */
function updateTimestamp(update: AsyncUpdate): Timestamp {
  const headers = new Map(update.headers);
  return Timestamp.parse(headers.get('X-Meta-Timestamp') ?? headers.get('X-Timestamp') ?? '0');
}
