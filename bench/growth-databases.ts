/** Cost as databases grow: a container of a million objects, an account of a hundred thousand containers; asked of their servers straight. */

import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACCOUNT,
  containerName,
  containerRow,
  type MakeRow,
  mergeRows,
  objectName,
  objectRow,
  type Replica,
  replicasOf,
} from './database-rows.ts';
import { put, sendOne } from './fixture.ts';
import { measure, type Sample } from './measure.ts';
import type { RawRequest } from './raw-connection.ts';
import { forSeconds, runRaw } from './raw-driver.ts';
import { startCluster, type System } from './systems.ts';
import { markdownTable, short } from './table.ts';

/** What grows. */
interface Growing {
  title: string;
  sizes: readonly number[];
  replica: Replica;
  /** Path of the container or account in its server. */
  path: string;
  folder: 'accounts' | 'containers';
  makeRow: MakeRow;
  nameOf: (at: number) => string;
  /** Headers of a PUT of a row, as the server that owns it sends them. */
  putHeaders: (timestamp: string) => string[];
}

const CLIENTS = 16;
const PAGE = 100;
const LONG_PAGE = 10_000;

async function ask(system: System, port: number, seconds: number, make: (at: number) => RawRequest): Promise<Sample> {
  let at = 0;
  const load = (): ReturnType<typeof runRaw> =>
    runRaw(
      port,
      CLIENTS,
      forSeconds(seconds, () => make(at++)),
    );
  const sample = await measure(system.pids, load);
  if (sample.refused + sample.socketErrors > 0)
    throw new Error(`${sample.refused + sample.socketErrors} requests failed`);
  return sample;
}

function databaseBytes(system: System, { folder, replica }: Growing): number {
  const { device, partition, hash } = replica;
  const [path] = globSync(join(system.folder, `node*/${device}/${folder}/${partition}/*/${hash}/${hash}.db`));
  return statSync(path as string).size;
}

async function measureGrowth(system: System, growing: Growing, seconds: number): Promise<string> {
  const { title, sizes, replica, path, makeRow, nameOf, putHeaders } = growing;
  const heading = ['rows', 'PUT /s', 'CPU ms', `first ${PAGE} /s`, 'CPU ms', `${PAGE} from the middle /s`, 'CPU ms'];
  const rows = [[`${title}: ${heading[0]}`, ...heading.slice(1), `first ${LONG_PAGE} /s`, 'CPU ms', 'database']];
  let filled = 0;
  for (const size of sizes) {
    const started = performance.now();
    await mergeRows(replica, makeRow, filled, size);
    const rate = ((size - filled) * 1000) / (performance.now() - started);
    console.error(`${size} ${title}: merged ${short(rate)} a second`);
    filled = size;
    const list = (limit: number, marker = ''): Promise<Sample> =>
      ask(system, replica.port, seconds, () => {
        const query = `format=json&limit=${limit}${marker === '' ? '' : `&marker=${marker}`}`;
        return { method: 'GET', path: `${path}?${query}`, token: '' };
      });
    // Once, for what was merged to be settled and the pages of the database to be in memory.
    await list(PAGE);
    const puts = await ask(system, replica.port, seconds, (at) => {
      const headers = putHeaders((Date.now() / 1000).toFixed(5));
      return { method: 'PUT', path: `${path}/put-${size}-${at}`, token: '', bodyBytes: 0, headers };
    });
    const bytes = databaseBytes(system, growing);
    const lists = [await list(PAGE), await list(PAGE, nameOf(size / 2)), await list(LONG_PAGE)];
    const cells = [puts, ...lists].flatMap(({ requestsPerSec, cpuMs }) => [short(requestsPerSec), short(cpuMs)]);
    rows.push([size.toLocaleString('en'), ...cells, `${short(bytes / 1e6)} MB`]);
  }
  return markdownTable(rows);
}

/** PUTs of rows, listings from the first name and from the middle, the size on disk. */
export async function growContainer(seconds: number): Promise<string> {
  const system = await startCluster('apus');
  await sendOne(system, put(system, `/v1/${ACCOUNT}/grown`, 0));
  const replica = replicasOf(system, 'grown')[0] as Replica;
  const table = await measureGrowth(
    system,
    {
      title: 'objects',
      sizes: [10_000, 100_000, 1_000_000],
      replica,
      path: `/${replica.device}/${replica.partition}/${ACCOUNT}/grown`,
      folder: 'containers',
      makeRow: objectRow,
      nameOf: objectName,
      putHeaders: (timestamp) => [
        ...[`X-Timestamp: ${timestamp}`, 'X-Size: 1024', 'X-Content-Type: application/octet-stream'],
        'X-Etag: d41d8cd98f00b204e9800998ecf8427e',
      ],
    },
    seconds,
  );
  await system.stop();
  return table;
}

export async function growAccount(seconds: number): Promise<string> {
  const system = await startCluster('apus');
  await sendOne(system, put(system, `/v1/${ACCOUNT}/first`, 0));
  const replica = replicasOf(system)[0] as Replica;
  const table = await measureGrowth(
    system,
    {
      title: 'containers',
      sizes: [1000, 10_000, 100_000],
      replica,
      path: `/${replica.device}/${replica.partition}/${ACCOUNT}`,
      folder: 'accounts',
      makeRow: containerRow,
      nameOf: containerName,
      putHeaders: (timestamp) => [
        ...[`X-Timestamp: ${timestamp}`, `X-Put-Timestamp: ${timestamp}`, 'X-Delete-Timestamp: 0'],
        ...['X-Object-Count: 1', 'X-Bytes-Used: 1024'],
      ],
    },
    seconds,
  );
  await system.stop();
  return table;
}
