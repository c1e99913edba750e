import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Comparison, compareWithDebian, faultsOf, type Standing, summaryOf } from './comparison.ts';
import { topologies } from './topology.ts';

/** A longer run: `npm run compare:rings`. */
const CASES = 120;

describe(`the ring builder beside Debian's, on ${CASES} topologies`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'apus-rings-'));
  let comparisons: Comparison[] = [];
  beforeAll(async () => {
    // One seed: Debian's builder is one process for all, so that there is nothing to shrink.
    comparisons = await compareWithDebian(fc.sample(topologies, { numRuns: CASES, seed: 5 }), folder);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is worse in balance, dispersion or moves nowhere but where it gains in another of them', () => {
    const faults = comparisons.flatMap((comparison) =>
      faultsOf(comparison).map((fault) => `${comparison.topology.name}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  test('is behind it in no more rebalances than it is behind itself with another seed', () => {
    const { apusToDebian, debianToItself } = summaryOf(comparisons);
    const behind = ({ balance, dispersion, movedMore }: Standing): number =>
      balance.worse + dispersion.worse + movedMore;
    expect(behind(apusToDebian)).toBeLessThanOrEqual(behind(debianToItself));
    expect(apusToDebian.balance.worse).toBeLessThan(apusToDebian.balance.better);
    expect(apusToDebian.dispersion.worse).toBeLessThan(apusToDebian.dispersion.better);
  });

  test('is on average no worse in balance and dispersion, and moves no more', () => {
    const { apus, debian } = summaryOf(comparisons);
    expect(apus.balance).toBeLessThanOrEqual(debian.balance);
    expect(apus.dispersion).toBeLessThanOrEqual(debian.dispersion);
    expect(apus.moved).toBeLessThanOrEqual(debian.moved);
  });
});
