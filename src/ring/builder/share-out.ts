/**
 * Divides `total` in proportion to weights, each share kept within its bounds: the shares are clamp(x · weight, low, high) for the one x
 * that makes their sum right. When the bounds do not admit the total, all shares are at their low or high end. Weights are positive.
 */
export function shareOut(
  total: number,
  weights: readonly number[],
  low: readonly number[],
  high: readonly number[],
): number[] {
  const bends = [...low.map((bound, at) => bound / weights[at]!), ...high.map((bound, at) => bound / weights[at]!)];
  bends.sort((a, b) => a - b);
  const sharesAt = (factor: number): number[] =>
    weights.map((weight, at) => Math.min(Math.max(factor * weight, low[at]!), high[at]!));
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  // The sum grows with the factor, and is straight between bends: find the two bends around the total.
  let from = 0;
  let to = bends.length - 1;
  if (total <= sum(sharesAt(bends[from]!))) return sharesAt(bends[from]!);
  if (total >= sum(sharesAt(bends[to]!))) return sharesAt(bends[to]!);
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (sum(sharesAt(bends[middle]!)) <= total) from = middle;
    else to = middle;
  }
  const below = sum(sharesAt(bends[from]!));
  const above = sum(sharesAt(bends[to]!));
  const portion = above === below ? 0 : (total - below) / (above - below);
  return sharesAt(bends[from]! + portion * (bends[to]! - bends[from]!));
}
