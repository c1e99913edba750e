/** Loads a server where wrk cannot: HEAD, names that must exist, bodies too large to hold. */

import type { Load } from './load.ts';
import { RawConnection, type RawRequest } from './raw-connection.ts';
import { percentile } from './statistics.ts';

/** Each of `clients` connections sends what `next` gives, as soon as its last was answered, until that is nothing. */
export async function runRaw(port: number, clients: number, next: () => RawRequest | undefined): Promise<Load> {
  const latenciesMs: number[] = [];
  let [refused, socketErrors] = [0, 0];
  const started = performance.now();
  const client = async (): Promise<void> => {
    const connection = new RawConnection(port);
    for (let request = next(); request !== undefined; request = next()) {
      const sentMs = performance.now();
      try {
        const { status } = await connection.send(request);
        if (status >= 400) refused++;
      } catch {
        socketErrors++;
      }
      latenciesMs.push(performance.now() - sentMs);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  return {
    requests: latenciesMs.length,
    requestsPerSec: latenciesMs.length / seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    refused,
    socketErrors,
  };
}

/** `make` again and again for so many seconds; at least once. */
export function forSeconds(seconds: number, make: () => RawRequest): () => RawRequest | undefined {
  let end: number | undefined;
  return () => {
    end ??= performance.now() + seconds * 1000;
    return performance.now() < end ? make() : undefined;
  };
}

export function fromList(requests: readonly RawRequest[]): () => RawRequest | undefined {
  let at = 0;
  return () => requests[at++];
}
