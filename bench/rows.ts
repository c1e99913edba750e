/** The rows of the table: what is asked of every system. */

import { listed, type Needs, put, putDoomed, READ, SIZES, type SizeName, WRITTEN } from './fixture.ts';
import type { Load } from './load.ts';
import type { RawRequest } from './raw-connection.ts';
import { forSeconds, fromList, runRaw } from './raw-driver.ts';
import type { System, SystemName } from './systems.ts';
import { runWrk } from './wrk.ts';

export interface LoadPlan {
  clients: number;
  seconds: number;
}

export interface Row extends Needs {
  /** As `--rows` names it. */
  readonly name: string;
  readonly title: string;
  /** Where it has its own numbers of them. */
  readonly clients?: readonly number[];
  /** Of a request or its answer, where the rate is told in MB/s too. */
  readonly bodyBytes?: number;
  readonly systems: readonly SystemName[];
  /** Answers of 4xx are what it asks for. */
  readonly isRefused?: boolean;
  /** What is not measured: gives the load that is. */
  start(system: System, plan: LoadPlan): Promise<() => Promise<Load>>;
}

const CLUSTERS: readonly SystemName[] = ['python', 'apus'];
const ALL: readonly SystemName[] = ['python', 'apus', 'one'];

function byWrk(method: 'GET' | 'PUT', path: string, bodyBytes = 0): Row['start'] {
  return (system, { clients, seconds }) => {
    const { port, token } = system;
    return Promise.resolve(() => runWrk({ port, method, path, token, bodyBytes }, clients, seconds));
  };
}

function byRaw(make: (system: System, at: number) => RawRequest): Row['start'] {
  return (system, { clients, seconds }) => {
    let at = 0;
    return Promise.resolve(() =>
      runRaw(
        system.port,
        clients,
        forSeconds(seconds, () => make(system, at++)),
      ),
    );
  };
}

/** Names must exist to be deleted, and putting them takes longer than deleting: a fixed number of them. */
async function startDeletes(system: System, { clients, seconds }: LoadPlan): Promise<() => Promise<Load>> {
  const paths = await putDoomed(system, Math.max(2 * clients, 100 * seconds));
  const requests = paths.map((path) => ({ method: 'DELETE', path, token: system.token }));
  return () => runRaw(system.port, clients, fromList(requests));
}

const putRow = (size: SizeName, systems: readonly SystemName[]): Row => ({
  name: `put-${size}`,
  title: `PUT ${sizeTitle(size)}`,
  bodyBytes: SIZES[size],
  systems,
  start: byWrk('PUT', `${WRITTEN}/`, SIZES[size]),
});

const getRow = (size: SizeName, systems: readonly SystemName[]): Row => ({
  name: `get-${size}`,
  title: `GET ${sizeTitle(size)}`,
  bodyBytes: SIZES[size],
  reads: size,
  systems,
  start: byWrk('GET', `${READ}/${size}`),
});

/** Of 10,000 rows Python makes a few a second: with many clients at once they would wait for most of a minute. */
const listRow = (count: number): Row => ({
  name: `list-${count}`,
  title: `listing of ${count.toLocaleString('en')} rows`,
  ...(count > 1000 ? { clients: [4, 16] } : {}),
  lists: count,
  systems: CLUSTERS,
  start: byWrk('GET', `${listed(count)}?format=json`),
});

function sizeTitle(size: SizeName): string {
  return size.replace('k', ' KiB').replace('m', ' MiB').replace('g', ' GiB');
}

export const ROWS: readonly Row[] = [
  getRow('1k', ALL),
  getRow('100k', CLUSTERS),
  getRow('1m', ALL),
  {
    name: 'get-64m',
    title: 'GET 64 MiB',
    clients: [1, 4],
    bodyBytes: SIZES['64m'],
    reads: '64m',
    systems: CLUSTERS,
    start: byRaw(({ token }) => ({ method: 'GET', path: `${READ}/64m`, token })),
  },
  putRow('1k', ALL),
  putRow('100k', CLUSTERS),
  putRow('1m', ALL),
  {
    name: 'put-64m',
    title: 'PUT 64 MiB',
    clients: [1, 4],
    bodyBytes: SIZES['64m'],
    systems: CLUSTERS,
    // Four names are enough: more would fill the disk.
    start: byRaw((system, at) => put(system, `${WRITTEN}/64m-${at % 4}`, SIZES['64m'])),
  },
  {
    name: 'head',
    title: 'HEAD',
    reads: '1k',
    systems: CLUSTERS,
    start: byRaw(({ token }) => ({ method: 'HEAD', path: `${READ}/1k`, token })),
  },
  { name: 'delete', title: 'DELETE', systems: CLUSTERS, start: startDeletes },
  listRow(100),
  listRow(10_000),
  {
    name: '404',
    title: 'GET of nothing (404)',
    systems: CLUSTERS,
    isRefused: true,
    start: byWrk('GET', `${READ}/none`),
  },
  {
    name: 'healthcheck',
    title: '/healthcheck',
    systems: CLUSTERS,
    start: byWrk('GET', '/healthcheck'),
  },
];

/** Undefined for a name that is none, as in results of an earlier version. */
export function rowNamed(name: string): Row | undefined {
  return ROWS.find((row) => row.name === name);
}
