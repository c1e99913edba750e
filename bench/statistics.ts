/** Medians, percentiles and ratios. */

/** NaN of no values. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** By linear interpolation between the two nearest; NaN of no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const [below, above] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return below + (above - below) * (at - Math.floor(at));
}

/** How many times `base` is larger; undefined where there is nothing to divide by. */
export function ratio(base: number, value: number): number | undefined {
  const times = base / value;
  return Number.isFinite(times) ? times : undefined;
}
