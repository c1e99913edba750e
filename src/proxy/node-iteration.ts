/**
 * Which nodes are asked for a partition, and in what order: the primaries (shuffled, or by timing or affinity), then handoffs.
 * Nodes that rest after errors are skipped and not counted. Source: spec swift-formats 6.3.
 */

import type { ErrorLimiter } from '../backend/error-limiter.ts';
import type { RingLookup, RingNode } from '../common/host.ts';
import type { Located } from './affinity.ts';

/** How long nodes took to answer lately, for `sorting_method = timing`. */
export class NodeTimings {
  readonly #expirySec: number;
  readonly #now: () => number;
  readonly #timings = new Map<string, { seconds: number; expires: number }>();

  constructor(expirySec: number, now: () => number) {
    this.#expirySec = expirySec;
    this.#now = now;
  }

  record(node: RingNode, seconds: number): void {
    // Milliseconds are fine enough; finer ones would always send everything to one node.
    const rounded = Math.round(seconds * 1000) / 1000;
    this.#timings.set(node.ip, { seconds: rounded, expires: this.#now() + this.#expirySec });
  }

  /** -1 for a node not heard of lately, so that it is tried and measured. */
  of(node: RingNode): number {
    const timing = this.#timings.get(node.ip);
    return timing === undefined || timing.expires < this.#now() ? -1 : timing.seconds;
  }
}

export type SortingMethod = 'shuffle' | 'timing' | 'affinity';

export interface NodeOrder {
  readonly sortingMethod: SortingMethod;
  readonly readAffinity: (node: Located) => number;
  readonly timings: NodeTimings;
  /** A number in [0, 1), like Math.random. */
  readonly random: () => number;
}

/** A new array of the nodes in the order in which to ask them. */
export function sortNodes(nodes: readonly RingNode[], order: NodeOrder): RingNode[] {
  const sorted = shuffled(nodes, order.random);
  if (order.sortingMethod === 'timing') sorted.sort((a, b) => order.timings.of(a) - order.timings.of(b));
  if (order.sortingMethod === 'affinity') {
    const priority = order.readAffinity;
    sorted.sort((a, b) => compareNumbers(priority(a), priority(b)));
  }
  return sorted;
}

/** Infinity - Infinity is NaN, which no sort should see. */
function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function shuffled(nodes: readonly RingNode[], random: () => number): RingNode[] {
  const out = nodes.slice();
  for (let last = out.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [out[last], out[at]] = [out[at] as RingNode, out[last] as RingNode];
  }
  return out;
}

export interface NodeIterationOptions {
  ring: RingLookup;
  partition: number;
  order: NodeOrder;
  errorLimiter: ErrorLimiter;
  /** At most this many nodes that did not err are yielded. */
  requestNodeCount: number;
  /** Writes with affinity: nodes that are local come first, at most `nodeCount` of them, the others after. */
  localFirst?: { isLocal: (node: Located) => boolean; nodeCount: number } | undefined;
  /**
   * Called with the number of handoffs so far for each one beyond those that the node count leaves room for: it stands in for a
   * primary that was skipped.
   */
  onHandoff?: ((count: number) => void) | undefined;
}

/** Yields nodes one at a time; several slots may draw from one iteration. */
export class NodeIteration implements Iterable<RingNode> {
  readonly primaryCount: number;
  readonly #options: NodeIterationOptions;
  readonly #source: Iterator<RingNode>;
  #previous: RingNode | undefined;
  #nodesLeft: number;
  #primariesLeft: number;
  #handoffs = 0;

  constructor(options: NodeIterationOptions) {
    const primaries = sortNodes(options.ring.primaries(options.partition), options.order);
    this.primaryCount = primaries.length;
    this.#options = options;
    this.#nodesLeft = options.requestNodeCount;
    this.#primariesLeft = primaries.length;
    this.#source =
      options.localFirst === undefined
        ? chain(primaries, options.ring, options.partition)
        : localFirst(primaries, options.ring, options.partition, options.localFirst);
    this.#previous = undefined;
  }

  /** Primaries not yet yielded or skipped. */
  get primariesLeft(): number {
    return this.#primariesLeft;
  }

  /** The next node, or undefined when there is none to ask any more. */
  next(): RingNode | undefined {
    this.#settlePrevious();
    while (this.#nodesLeft > 0) {
      const { value: node, done } = this.#source.next();
      if (done === true) return undefined;
      const isPrimary = node.handoff_index === undefined;
      if (isPrimary) this.#primariesLeft -= 1;
      if (this.#options.errorLimiter.isLimited(node)) continue;
      if (!isPrimary) this.#countHandoff();
      this.#previous = node;
      return node;
    }
    return undefined;
  }

  #countHandoff(): void {
    this.#handoffs += 1;
    const expected = this.#options.requestNodeCount - this.primaryCount;
    if (this.#handoffs > expected) this.#options.onHandoff?.(this.#handoffs);
  }

  /** A node that was rested while it was being asked does not count against the number of nodes to ask. */
  #settlePrevious(): void {
    const previous = this.#previous;
    if (previous === undefined) return;
    this.#previous = undefined;
    if (!this.#options.errorLimiter.isLimited(previous)) this.#nodesLeft -= 1;
  }

  *[Symbol.iterator](): Iterator<RingNode> {
    for (let node = this.next(); node !== undefined; node = this.next()) yield node;
  }
}

function* chain(primaries: readonly RingNode[], ring: RingLookup, partition: number): Generator<RingNode, void> {
  yield* primaries;
  yield* ring.handoffs(partition);
}

/** Local primaries, local handoffs up to the count, then everything else in its usual order. */
function* localFirst(
  primaries: readonly RingNode[],
  ring: RingLookup,
  partition: number,
  local: { isLocal: (node: Located) => boolean; nodeCount: number },
): Generator<RingNode, void> {
  let wanted = local.nodeCount;
  const yielded = new Set<number>();
  for (const node of chain(primaries, ring, partition)) {
    if (wanted <= 0) break;
    if (!local.isLocal(node)) continue;
    wanted -= 1;
    yielded.add(node.id);
    yield node;
  }
  for (const node of chain(primaries, ring, partition)) if (!yielded.has(node.id)) yield node;
}
