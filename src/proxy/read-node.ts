/**
 * Finds a node that answers a GET or HEAD well: one at a time, or several with `concurrent_gets`; with X-Newest the newest of all.
 * Source: spec swift-formats 6.7.
 */

import type { BackendExchange, BackendHead } from '../backend/transport.ts';
import type { RingNode } from '../common/host.ts';
import { isTrueValue } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import { type BodyStream, readAll } from '../http/body.ts';
import type { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import type { ServerType } from './backend-headers.ts';
import type { NodeAnswer } from './best-response.ts';
import type { NodeIteration } from './node-iteration.ts';
import { finalHead, openToNode } from './node-request.ts';
import { primedBody } from './primed-body.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { PolicyOptions } from './proxy-conf.ts';

export interface ReadRequest {
  serverType: ServerType;
  nodes: NodeIteration;
  partition: number;
  /** `/account[/container[/object]]`, native text. */
  path: string;
  queryString?: string | undefined;
  /** Of every request to a node; not changed here. */
  headers: Headers;
  /** Of the object's policy; of the server for accounts and containers. */
  policy: PolicyOptions;
  /** Longest wait for a head; for objects the recoverable one. */
  timeoutMs: number;
  /** Longest wait for a piece of the body. */
  bodyTimeoutMs: number;
  /** How many nodes are asked at once when the policy has concurrent gets: the ring's replicas. */
  concurrency: number;
}

/** A good answer. The holder reads its body to the end or closes the exchange. */
export interface ReadSource {
  readonly node: RingNode;
  readonly head: BackendHead;
  readonly exchange: BackendExchange;
  readonly body: BodyStream;
}

/** A search for a source. A search that found one may be carried on: `find` again asks the nodes that are left. */
export class NodeReader {
  /** What counts for the best response when no source is found. */
  readonly answers: NodeAnswer[] = [];
  readonly #context: ProxyContext;
  readonly #req: SwiftRequest;
  readonly #request: ReadRequest;
  readonly #newest: boolean;
  #suppressions: number;
  #latest404 = Timestamp.ZERO;

  constructor(context: ProxyContext, req: SwiftRequest, request: ReadRequest) {
    this.#context = context;
    this.#req = req;
    this.#request = request;
    this.#newest = isTrueValue(req.headers.get('x-newest'));
    this.#suppressions = Math.min(
      request.policy.rebalanceMissingSuppressionCount,
      Math.max(request.nodes.primaryCount - 1, 0),
    );
  }

  /** `headers` replace those of the request, for a search that carries on (another Range). Undefined: no node is left. */
  async find(headers: Headers = this.#request.headers): Promise<ReadSource | undefined> {
    const { policy, concurrency } = this.#request;
    if (policy.concurrentGets && concurrency > 1) return await this.#findConcurrently(headers, concurrency);
    if (this.#newest) return await this.#findNewest(headers);
    for (let node = this.#request.nodes.next(); node !== undefined; node = this.#request.nodes.next()) {
      const source = await this.#ask(node, headers, this.#req.signal);
      if (source !== undefined) return source;
    }
    return undefined;
  }

  /** Asks this node, whether or not it was asked before. Undefined when it fails or has nothing good. */
  async ask(node: RingNode, headers: Headers): Promise<ReadSource | undefined> {
    return await this.#ask(node, headers, this.#req.signal);
  }

  async #findNewest(headers: Headers): Promise<ReadSource | undefined> {
    const sources: ReadSource[] = [];
    for (let node = this.#request.nodes.next(); node !== undefined; node = this.#request.nodes.next()) {
      const source = await this.#ask(node, headers, this.#req.signal);
      if (source !== undefined) sources.push(source);
    }
    return await this.#newestOf(sources);
  }

  /**
   * The newest source whose node still answers when all others have, and that no tombstone which showed up meanwhile beats. The other
   * sources are closed.
   */
  async #newestOf(sources: ReadSource[]): Promise<ReadSource | undefined> {
    let chosen: ReadSource | undefined;
    while (chosen === undefined && sources.length > 0) {
      const newest = takeNewest(sources);
      if (!this.#isDeleted(newest)) chosen = await this.#primed(newest);
      else this.#forget(newest);
    }
    for (const { exchange } of sources) exchange.close();
    return chosen;
  }

  /** The source once its first bytes are there; undefined when its node broke. */
  async #primed(source: ReadSource): Promise<ReadSource | undefined> {
    try {
      return { ...source, body: await primedBody(source.body) };
    } catch (error) {
      this.#forget(source);
      const doing = `Trying to ${this.#req.method} ${this.#req.path}`;
      if (!this.#req.signal.aborted) {
        this.#context.nodeFailed(source.node, this.#request.serverType, doing, error, this.#req.log);
      }
      return undefined;
    }
  }

  #isDeleted(source: ReadSource): boolean {
    return this.#latest404.isAfter(dataTimestamp(source.head.headers));
  }

  /** A source that is not used after all is no answer of its node either. */
  #forget(source: ReadSource): void {
    source.exchange.close();
    const at = this.answers.findIndex(({ headers }) => headers === source.head.headers);
    if (at >= 0) this.answers.splice(at, 1);
  }

  /** Starts a request at once and another each time one fails or `concurrency_timeout` has passed. */
  async #findConcurrently(headers: Headers, concurrency: number): Promise<ReadSource | undefined> {
    const { nodes, policy } = this.#request;
    // Each has a signal of its own: that of the answer that is used must live on.
    const pending = new Map<Promise<void>, AbortController>();
    const found: ReadSource[] = [];
    const start = (node: RingNode): void => {
      const abort = new AbortController();
      const signal = AbortSignal.any([this.#req.signal, abort.signal]);
      const slot: Promise<void> = this.#ask(node, headers, signal).then((source) => {
        pending.delete(slot);
        if (source === undefined) return;
        if (this.#newest || found.length === 0) found.push(source);
        else source.exchange.close();
      });
      pending.set(slot, abort);
    };
    for (let node = nodes.next(); node !== undefined; node = nodes.next()) {
      start(node);
      await firstOf(pending, pending.size < concurrency ? policy.concurrencyTimeoutMs : undefined);
      if (found.length > 0 && !this.#newest) break;
    }
    while (pending.size > 0 && (found.length === 0 || this.#newest)) await firstOf(pending, undefined);
    for (const abort of pending.values()) abort.abort();
    await Promise.all(pending.keys());
    if (this.#newest) return await this.#newestOf(found);
    const [source] = found;
    if (source === undefined || !this.#isDeleted(source)) return source;
    this.#forget(source);
    return undefined;
  }

  /** Asks one node. Undefined: it failed or has nothing good; that is counted here. Never rejects. */
  async #ask(node: RingNode, headers: Headers, signal: AbortSignal): Promise<ReadSource | undefined> {
    const { serverType, timeoutMs } = this.#request;
    const doing = `Trying to ${this.#req.method} ${this.#req.path}`;
    let exchange: BackendExchange | undefined;
    try {
      exchange = await this.#open(node, headers, signal);
      const head = await finalHead(exchange, timeoutMs);
      if (isGoodSource(head.status, serverType)) {
        return this.#weighGood({ node, head, exchange, body: exchange.body(this.#request.bodyTimeoutMs) });
      }
      await this.#weighBad(node, head, exchange, doing);
    } catch (error) {
      exchange?.close();
      // A request that was given up says nothing of its node.
      if (!signal.aborted) this.#context.nodeFailed(node, serverType, doing, error, this.#req.log);
    }
    return undefined;
  }

  async #open(node: RingNode, headers: Headers, signal: AbortSignal): Promise<BackendExchange> {
    const { partition, path, queryString, policy } = this.#request;
    const startSec = this.#context.host.now();
    const exchange = await openToNode(this.#context, {
      node,
      partition,
      method: this.#req.method,
      path,
      queryString,
      headers,
      body: 'none',
      signal,
    });
    if (policy.sortingMethod === 'timing') this.#context.timings.record(node, this.#context.host.now() - startSec);
    return exchange;
  }

  #weighGood(source: ReadSource): ReadSource | undefined {
    const { status, reason, headers } = source.head;
    if (Number(headers.get('x-put-timestamp') ?? 1) === 0) {
      // The node made up an answer for something that it has not been told of yet.
      source.exchange.close();
      this.answers.push({ status: 404, reason: 'Not Found', body: Buffer.alloc(0) });
      return undefined;
    }
    if (this.#isDeleted(source)) {
      source.exchange.close();
      return undefined;
    }
    this.answers.push({ status, reason, headers });
    return source;
  }

  async #weighBad(node: RingNode, head: BackendHead, exchange: BackendExchange, doing: string): Promise<void> {
    const { serverType, timeoutMs } = this.#request;
    const timestamp = Timestamp.tryParse(head.headers.get('x-backend-timestamp')) ?? Timestamp.ZERO;
    const knowsNothing = timestamp.raw === 0;
    try {
      if (node.handoff_index !== undefined && (head.status === 404 || head.status >= 500) && knowsNothing) return;
      if (head.status === 404 && knowsNothing && this.#suppressions > 0) {
        this.#suppressions -= 1;
        return;
      }
      const body = await readAll(exchange.body(timeoutMs));
      this.answers.push({ status: head.status, reason: head.reason, headers: head.headers, body });
      if (serverType === 'Object' && head.status === 404 && timestamp.isAfter(this.#latest404)) {
        this.#latest404 = timestamp;
      }
    } finally {
      exchange.close();
      if (head.status >= 500) {
        this.#context.nodeAnsweredError(node, serverType, head.status, doing, this.#req.log);
      }
    }
  }
}

function isGoodSource(status: number, serverType: ServerType): boolean {
  return (status >= 200 && status < 400) || (serverType === 'Object' && status === 416);
}

function dataTimestamp(headers: Headers): Timestamp {
  for (const name of ['x-backend-data-timestamp', 'x-backend-timestamp', 'x-put-timestamp', 'x-timestamp']) {
    const timestamp = Timestamp.tryParse(headers.get(name));
    if (timestamp !== undefined) return timestamp;
  }
  return Timestamp.ZERO;
}

/** Takes the newest source out of the list; of equally new ones the first. */
function takeNewest(sources: ReadSource[]): ReadSource {
  let newest = 0;
  for (let at = 1; at < sources.length; at++) {
    const [one, best] = [sources[at] as ReadSource, sources[newest] as ReadSource];
    if (dataTimestamp(one.head.headers).isAfter(dataTimestamp(best.head.headers))) newest = at;
  }
  return sources.splice(newest, 1)[0] as ReadSource;
}

/** Waits until one of the slots has ended, at most `timeoutMs`. */
async function firstOf(pending: Map<Promise<void>, unknown>, timeoutMs: number | undefined): Promise<void> {
  if (timeoutMs === undefined) {
    await Promise.race(pending.keys());
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  try {
    await Promise.race([...pending.keys(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
