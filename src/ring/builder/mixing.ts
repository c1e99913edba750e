import type { PlacementGrid } from './placement-grid.ts';
import type { Random } from './random.ts';

/** Exchanges tried for each replica of a partition. */
const TRIES = 3;
/** Differences of risk below this are rounding. */
const TINY = 1e-9;

/**
 * Exchanges replicas at random between partitions, as long as every partition stays within the plan and no more replicas stand closer
 * together than they need (`allowed` by node, from mostWhenDispersed). After it, a device shares partitions with as many others as can
 * be, so that all of them help when it fails. Counts of devices stay as they are.
 */
export function mix(
  grid: PlacementGrid,
  allowed: Int32Array,
  random: Random,
  onProgress: (done: number, total: number) => void,
): void {
  const isRisky = grid.most.some((most, node) => most > allowed[node]!);
  const risk = (partition: number): number => (isRisky ? grid.riskOf(partition, allowed) : 0);
  const tries = TRIES * grid.partitions * grid.rows.length;
  const randomRow = (): Uint16Array | Uint32Array => grid.rows[random.below(grid.rows.length)]!;
  for (let tried = 0; tried < tries; tried++) {
    if ((tried & 0xffff) === 0xffff) onProgress(Math.floor((tried / tries) * grid.partitions), grid.partitions);
    const [oneRow, otherRow] = [randomRow(), randomRow()];
    const one = random.below(oneRow.length);
    const other = random.below(otherRow.length);
    const [oneDevice, otherDevice] = [oneRow[one]!, otherRow[other]!];
    if (oneDevice === otherDevice) continue;
    const oneChange = changeOfRisk(grid, oneRow, one, otherDevice, risk);
    if (!(oneChange < Infinity)) continue;
    const otherChange = changeOfRisk(grid, otherRow, other, oneDevice, risk);
    if (oneChange + otherChange > TINY) continue;
    oneRow[one] = otherDevice;
    otherRow[other] = oneDevice;
  }
}

/** How much more replicas stand too close if one moves to `device`; infinitely more when the plan does not let it. */
function changeOfRisk(
  grid: PlacementGrid,
  row: Uint16Array | Uint32Array,
  partition: number,
  device: number,
  risk: (partition: number) => number,
): number {
  const from = row[partition]!;
  grid.enter(partition);
  const before = risk(partition);
  grid.lift(from);
  let change = Infinity;
  if (grid.admits(device)) {
    grid.put(device);
    row[partition] = device;
    if (!grid.isMissedBy(from)) change = risk(partition) - before;
    row[partition] = from;
    grid.lift(device);
  }
  grid.put(from);
  grid.leave(partition);
  return change;
}
