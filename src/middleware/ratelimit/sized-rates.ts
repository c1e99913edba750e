/** Rates that depend on the size of a container: points from the options, straight lines between them. */

import { type Conf, ConfigError } from '../../middleware-api.ts';

/** Objects in the container, and requests a second from there on. */
export type RatePoint = readonly [size: number, rate: number];

export class SizedRates {
  /** By size. */
  readonly points: readonly RatePoint[];

  constructor(points: readonly RatePoint[]) {
    this.points = points.toSorted(([a], [b]) => a - b);
  }

  get isEmpty(): boolean {
    return this.points.length === 0;
  }

  /** Requests a second; undefined where there is no limit. */
  rateFor(size: number): number | undefined {
    let below: RatePoint | undefined;
    for (const point of this.points) {
      if (point[0] > size) return positive(below === undefined ? undefined : interpolate(below, point, size));
      below = point;
    }
    return positive(below?.[1]);
  }
}

function interpolate([fromSize, fromRate]: RatePoint, [toSize, toRate]: RatePoint, size: number): number {
  return fromRate + ((toRate - fromRate) * (size - fromSize)) / (toSize - fromSize);
}

function positive(rate: number | undefined): number | undefined {
  return rate !== undefined && rate > 0 ? rate : undefined;
}

/** The options `<prefix><size> = <rate>`. Throws ConfigError for one that is not numbers. */
export function readSizedRates(prefix: string, globalConf: Conf, localConf: Conf): SizedRates {
  const points: RatePoint[] = [];
  for (const [key, value] of Object.entries({ ...globalConf, ...localConf })) {
    if (!key.startsWith(prefix)) continue;
    const sizeText = key.slice(prefix.length).trim();
    const rate = Number(value.trim() === '' ? NaN : value);
    if (!/^\d+$/.test(sizeText) || !Number.isFinite(rate)) {
      throw new ConfigError({
        file: globalConf['__file__'],
        section: localConf['__name__'],
        key,
        code: 'option-invalid',
        text: `expected ${prefix}<number of objects> = <requests a second>, not ${JSON.stringify(value)}`,
        value,
      });
    }
    points.push([Number(sizeText), rate]);
  }
  return new SizedRates(points);
}
