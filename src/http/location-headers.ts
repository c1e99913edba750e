import type { SwiftResponse } from './response.ts';

/** Passes what an answer tells of its place (Location, Content-Location) through `map`: for filters that rewrote the request's. */
export function mapLocations(res: SwiftResponse, map: (location: string) => string): void {
  for (const name of ['location', 'content-location']) {
    const value = res.headers.get(name);
    if (value !== undefined) res.headers.set(name, map(value));
  }
}
