import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorLimiter } from '../../../src/backend/error-limiter.ts';
import type { RingNode } from '../../../src/common/host.ts';
import { parseReadAffinity, parseWriteAffinity } from '../../../src/proxy/affinity.ts';
import {
  NodeIteration,
  type NodeIterationOptions,
  NodeTimings,
  type NodeOrder,
  sortNodes,
} from '../../../src/proxy/node-iteration.ts';
import { plainRing } from './object-fixture.ts';

const order: NodeOrder = {
  sortingMethod: 'shuffle',
  readAffinity: () => 0,
  timings: new NodeTimings(300, () => 0),
  random: () => 0.999,
};

function iteration(options: Partial<NodeIterationOptions> = {}): { nodes: NodeIteration; limiter: ErrorLimiter } {
  const limiter = new ErrorLimiter({ suppressionIntervalSec: 60, suppressionLimit: 10, now: () => 0 });
  const ring = plainRing(3, 8, 6200);
  const nodes = new NodeIteration({
    ring,
    partition: 0,
    order,
    errorLimiter: limiter,
    requestNodeCount: 6,
    ...options,
  });
  return { nodes, limiter };
}

const names = (nodes: Iterable<RingNode>): string[] => [...nodes].map(({ device }) => device);

describe('node iteration', () => {
  test('primaries come first, then handoffs up to the request node count', () => {
    const { nodes } = iteration();
    expect(nodes.primaryCount).toBe(3);
    expect(names(nodes)).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5']);
  });

  test('primaries are shuffled', () => {
    const { nodes } = iteration({ order: { ...order, random: () => 0 } });
    expect(names(nodes)).toEqual(['d1', 'd2', 'd0', 'd3', 'd4', 'd5']);
  });

  test('nodes that rest are skipped and not counted', () => {
    const { nodes, limiter } = iteration({ requestNodeCount: 4 });
    limiter.limit(plainRing(3, 8, 6200).devices[1] as RingNode);
    expect(names(nodes)).toEqual(['d0', 'd2', 'd3', 'd4']);
  });

  test('a node that comes to rest while it is asked does not count either', () => {
    const { nodes, limiter } = iteration({ requestNodeCount: 3 });
    const first = nodes.next() as RingNode;
    limiter.limit(first);
    expect(names(nodes)).toEqual(['d1', 'd2', 'd3']);
  });

  test('handoffs are told of only once they stand in for primaries that were skipped', () => {
    const told: number[] = [];
    const options = { requestNodeCount: 6, onHandoff: (count: number) => told.push(count) };
    names(iteration(options).nodes);
    expect(told).toEqual([]);
    const { nodes, limiter } = iteration(options);
    limiter.limit(plainRing(3, 8, 6200).devices[0] as RingNode);
    names(nodes);
    expect(told).toEqual([4]);
  });

  test('write affinity puts local nodes first, up to their count, and leaves none out', () => {
    // Even devices are in region 1.
    const isLocal = parseWriteAffinity('r1') as (node: { region: number; zone: number }) => boolean;
    const { nodes } = iteration({ localFirst: { isLocal, nodeCount: 3 }, requestNodeCount: 8 });
    expect(names(nodes)).toEqual(['d0', 'd2', 'd4', 'd1', 'd3', 'd5', 'd6', 'd7']);
  });

  test('read affinity sorts by priority; a zone goes before its region, what is not named comes last', () => {
    const readAffinity = parseReadAffinity('r1z2=1, r1=5, r2z3=2');
    const nodes = plainRing(3, 6, 6200).devices;
    const sorted = sortNodes(nodes, { ...order, sortingMethod: 'affinity', readAffinity });
    expect(names(sorted)).toEqual(['d2', 'd3', 'd0', 'd4', 'd1', 'd5']);
  });

  test('timing asks nodes without a timing first, then the fastest; timings expire', () => {
    const clock = { now: 0 };
    const timings = new NodeTimings(300, () => clock.now);
    const nodes = plainRing(3, 3, 6200).devices.map((node) => ({ ...node, ip: `10.0.0.${node.id}` }));
    timings.record(nodes[0] as RingNode, 0.2);
    timings.record(nodes[1] as RingNode, 0.1);
    const byTiming: NodeOrder = { ...order, sortingMethod: 'timing', timings };
    expect(names(sortNodes(nodes, byTiming))).toEqual(['d2', 'd1', 'd0']);
    clock.now = 301;
    expect(names(sortNodes(nodes, byTiming))).toEqual(['d0', 'd1', 'd2']);
  });

  test('a shuffle keeps every node once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.9999, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (draws) => {
          const random = (): number => draws.shift() ?? 0;
          const nodes = plainRing(3, 8, 6200).devices;
          expect(names(sortNodes(nodes, { ...order, random })).sort()).toEqual(names(nodes));
        },
      ),
    );
  });

  test.each(['r1', 'r=1', 'z1=2', 'r1z=3', 'r1=-1', 'r1=x'])('read affinity %s is refused', (text) => {
    expect(() => parseReadAffinity(text)).toThrow('expected r<N>=<priority>');
  });

  test('write affinity with a priority is refused, and an empty one is none', () => {
    expect(() => parseWriteAffinity('r1=1')).toThrow('expected r<N> or r<N>z<M>');
    expect(parseWriteAffinity(' ')).toBeNull();
  });
});
