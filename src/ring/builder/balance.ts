import { BuilderError } from './builder-error.ts';
import { partitionCount, presentDevices, type BuilderState } from './builder-state.ts';

/** Shown for a device that should hold nothing and does: infinitely too much. */
export const WORST_BALANCE = 999.99;

/** See RingBuilder.balance. */
export function worstBalance(state: BuilderState): number {
  let worst = 0;
  for (const balance of balanceByDevice(state).values()) worst = Math.max(worst, Math.abs(balance));
  return worst;
}

/** See RingBuilder.balanceByDevice. */
export function balanceByDevice(state: BuilderState): Map<number, number> {
  const perWeight = partsPerWeight(state);
  const balances = new Map<number, number>();
  for (const { id, weight, parts } of presentDevices(state)) {
    balances.set(id, weight === 0 ? (parts > 0 ? WORST_BALANCE : 0) : (100 * parts) / (weight * perWeight) - 100);
  }
  return balances;
}

/** Replicas of partitions due to a device of weight 1. Throws BuilderError ('empty') when nothing has weight. */
export function partsPerWeight(state: BuilderState): number {
  let weight = 0;
  for (const device of presentDevices(state)) weight += device.weight;
  if (weight === 0) {
    throw new BuilderError('empty', 'There are no devices in this ring, or all devices have been deleted');
  }
  return (partitionCount(state) * state.replicas) / weight;
}
