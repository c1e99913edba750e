/**
 * Sends the body of one PUT to several nodes at once: every chunk, the same memory, to each. A node that fails is dropped; the
 * client is read on only when every node keeps up. Source: spec swift-formats 6.5.
 */

import type { BodyDigest } from '../http/body-digest.ts';
import type { Headers } from '../http/headers.ts';
import type { Logger } from '../common/host.ts';
import { footersToJson, mimeClosing } from './mime-put.ts';
import type { ProxyContext } from './proxy-context.ts';
import { openingOf, type PutConnection, type PutTarget } from './put-connections.ts';

export class PutFanout {
  readonly #context: ProxyContext;
  readonly #connections: readonly PutConnection[];
  readonly #doing: string;
  readonly #log: Logger;
  readonly #timeoutMs: number;
  readonly #digest: BodyDigest;
  #opened = false;
  #live: number;

  constructor(context: ProxyContext, target: PutTarget, connections: readonly PutConnection[], log: Logger) {
    this.#context = context;
    this.#connections = connections;
    this.#doing = `Trying to write to ${target.path}`;
    this.#digest = target.digest;
    this.#log = log;
    this.#timeoutMs = context.conf.nodeTimeoutMs;
    this.#live = connections.length;
  }

  /** Nodes that have not failed, those with a final answer among them. */
  get live(): number {
    return this.#live;
  }

  /** Sends a chunk to every node. A promise when one does not keep up; it never rejects. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (!this.#opened) {
      const opening = this.#open();
      if (opening !== undefined) return opening.then(() => this.write(chunk));
    }
    this.#digest.update(chunk);
    return this.#send(() => chunk);
  }

  /** True when no node's connection refers to the memory of what was written. */
  get flushed(): boolean {
    return this.#connections.every(
      ({ failed, final, exchange }) => failed || final !== undefined || exchange.flushed === true,
    );
  }

  /** Ends the data, with footers behind it when the PUT has any. Never rejects. */
  async finish(footers: Headers | undefined): Promise<void> {
    if (!this.#opened) await this.#open();
    if (footers !== undefined) {
      const json = footersToJson(footers);
      await this.#send(({ boundary }) => (boundary === undefined ? undefined : mimeClosing(boundary, json)));
    }
    for (const connection of this.#connections) {
      if (connection.failed || connection.final !== undefined) continue;
      try {
        connection.exchange.end();
      } catch (error) {
        this.#fail(connection, error);
      }
    }
  }

  #open(): void | Promise<void> {
    this.#opened = true;
    return this.#send(openingOf);
  }

  #send(bytesFor: (connection: PutConnection) => Uint8Array | undefined): void | Promise<void> {
    let waits: Promise<void>[] | undefined;
    for (const connection of this.#connections) {
      if (connection.failed || connection.final !== undefined) continue;
      const bytes = bytesFor(connection);
      if (bytes === undefined) continue;
      try {
        const wait = connection.exchange.write(bytes, this.#timeoutMs);
        if (wait === undefined) continue;
        (waits ??= []).push(
          wait.catch((error: unknown) => {
            this.#fail(connection, error);
          }),
        );
      } catch (error) {
        this.#fail(connection, error);
      }
    }
    return waits === undefined ? undefined : Promise.all(waits).then(() => undefined);
  }

  #fail(connection: PutConnection, error: unknown): void {
    if (connection.failed) return;
    connection.failed = true;
    this.#live -= 1;
    connection.exchange.close();
    this.#context.nodeFailed(connection.node, 'Object', this.#doing, error, this.#log);
  }
}
