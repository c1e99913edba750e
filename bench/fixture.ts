/** What the rows read, put into each system before anything is measured. */

import { ACCOUNT as ACCOUNT_NAME, mergeRows, objectRow, replicasOf } from './database-rows.ts';
import { RawConnection, type RawRequest } from './raw-connection.ts';
import { fromList, runRaw } from './raw-driver.ts';
import type { System } from './systems.ts';

const ACCOUNT = `/v1/${ACCOUNT_NAME}`;
export const READ: string = `${ACCOUNT}/read`;
export const WRITTEN: string = `${ACCOUNT}/written`;
export const DELETED: string = `${ACCOUNT}/deleted`;
const CLIENTS = 8;

export type SizeName = '1k' | '100k' | '1m' | '64m' | '5g';
/** Lengths in bytes by the names that the rows use. */
export const SIZES: Readonly<Record<SizeName, number>> = {
  '1k': 1024,
  '100k': 100 * 1024,
  '1m': 1 << 20,
  '64m': 64 << 20,
  '5g': 5 * 2 ** 30,
};

export function listed(count: number): string {
  return `${ACCOUNT}/listed-${count}`;
}

export function put(system: System, path: string, bodyBytes: number): RawRequest {
  return { method: 'PUT', path, token: system.token, bodyBytes };
}

/** Sends one request and says when it fails. */
export async function sendOne(system: System, request: RawRequest): Promise<void> {
  const connection = new RawConnection(system.port);
  const { status } = await connection.send(request).finally(() => connection.close());
  if (status >= 300) throw new Error(`${system.name}: ${request.method} ${request.path}: ${status}`);
}

/** Sends all, several at once. Throws when one fails. */
export async function sendAll(system: System, requests: readonly RawRequest[]): Promise<void> {
  const { refused, socketErrors } = await runRaw(system.port, CLIENTS, fromList(requests));
  if (refused + socketErrors > 0)
    throw new Error(`${system.name}: ${refused + socketErrors} of the fixture's PUTs failed`);
}

/** `sizes`: of the objects that will be read. `listings`: rows of the containers that will be listed. */
export async function prepare(system: System, sizes: readonly SizeName[], listings: readonly number[]): Promise<void> {
  for (const container of [READ, WRITTEN, DELETED, ...listings.map(listed)])
    await sendOne(system, put(system, container, 0));
  for (const size of sizes) await sendOne(system, put(system, `${READ}/${size}`, SIZES[size]));
  for (const count of listings) await fill(system, count);
}

async function fill(system: System, count: number): Promise<void> {
  const replicas = replicasOf(system, listed(count).slice(ACCOUNT.length + 1));
  await Promise.all(replicas.map((replica) => mergeRows(replica, objectRow, 0, count)));
}

/** What a row needs to be there. */
export interface Needs {
  /** Object that must be there, by its size. */
  readonly reads?: SizeName;
  /** Rows of the container that must be there. */
  readonly lists?: number;
}

export async function prepareFor(system: System, rows: readonly Needs[]): Promise<void> {
  const sizes = new Set(rows.flatMap(({ reads }) => reads ?? []));
  const listings = new Set(rows.flatMap(({ lists }) => lists ?? []));
  await prepare(system, [...sizes], [...listings]);
}

/** Puts objects that a row will delete; gives their paths. */
export async function putDoomed(system: System, count: number): Promise<string[]> {
  const prefix = `${DELETED}/${Date.now()}-`;
  const paths = Array.from({ length: count }, (_, at) => `${prefix}${at}`);
  await sendAll(
    system,
    paths.map((path) => put(system, path, SIZES['1k'])),
  );
  return paths;
}
