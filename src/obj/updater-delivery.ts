/** What the updater does with one kept update: tell every container server that does not know it yet. */

import type { BackendTransport } from '../backend/transport.ts';
import type { Logger, RingLookup, RingNode } from '../common/host.ts';
import { isTrueValue, nativeFromWire, unquote } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import type { Headers } from '../http/headers.ts';
import { splitPath } from '../http/request.ts';
import { deliverRow, type DeliveryTimeouts, faultText } from './row-delivery.ts';
import type { AsyncPendingEntry, AsyncPendingStore, AsyncUpdate } from './storage.ts';

export interface UpdaterStats {
  successes: number;
  failures: number;
  redirects: number;
  unlinks: number;
  quarantines: number;
  errors: number;
}

export interface DeliveryContext {
  readonly asyncPending: AsyncPendingStore;
  readonly containerRing: () => RingLookup;
  readonly transport: BackendTransport;
  readonly timeouts: DeliveryTimeouts;
  readonly log: Logger;
  readonly stats: UpdaterStats;
}

const USER_AGENT = `object-updater ${process.pid}`;
const EXTRA_HEADERS: readonly (readonly [string, string])[] = [
  ['User-Agent', USER_AGENT],
  ['X-Backend-Accept-Redirect', 'true'],
  ['X-Backend-Accept-Quoted-Location', 'true'],
];

interface Redirect {
  /** `account/container`, native text. */
  readonly path: string;
  readonly timestamp: Timestamp;
}

interface Round {
  readonly told: number[];
  readonly isComplete: boolean;
  readonly redirect: Redirect | undefined;
}

/** Delivers one update; what remains to be done is written back. Never rejects for a server's fault, only for the storage's. */
export async function deliverEntry(context: DeliveryContext, entry: AsyncPendingEntry): Promise<void> {
  const { asyncPending, stats } = context;
  const update = await asyncPending.load(entry);
  if (update === undefined) {
    stats.quarantines += 1;
    return;
  }
  let isChanged = false;
  // A redirect is followed once at a time; the next sweep goes on from there.
  for (let attempt = 0; attempt < 2; attempt++) {
    const round = await tellPrimaries(context, update);
    if (round.isComplete) {
      stats.successes += 1;
      stats.unlinks += 1;
      await asyncPending.remove(entry);
      return;
    }
    if (round.redirect !== undefined) {
      stats.redirects += 1;
      isChanged = true;
      if (!follow(update, round.redirect)) break;
      continue;
    }
    if (round.told.length > 0) {
      update.successes = [...(update.successes ?? []), ...round.told];
      isChanged = true;
    }
    break;
  }
  stats.failures += 1;
  if (isChanged) await asyncPending.rewrite(entry, update);
}

/** Points the update at where a shard lives now. False when that is a loop: the next try begins at the root. */
function follow(update: AsyncUpdate, redirect: Redirect): boolean {
  const history = update.redirectHistory ?? [];
  update.successes = [];
  if (history.includes(redirect.path)) {
    delete update.containerPath;
    update.redirectHistory = [];
    return false;
  }
  update.containerPath = redirect.path;
  update.redirectHistory = [...history, redirect.path];
  return true;
}

async function tellPrimaries(context: DeliveryContext, update: AsyncUpdate): Promise<Round> {
  const ring = context.containerRing();
  const [account, container] = splitPath(
    `/${update.containerPath ?? `${update.account}/${update.container}`}`,
    2,
    2,
    true,
  );
  const partition = ring.partitionOf(account as string, container as string);
  const known = new Set(update.successes ?? []);
  const nodes = ring.primaries(partition).filter((node) => !known.has(node.id));
  const answers = await Promise.all(nodes.map((node) => tell(context, node, partition, update)));
  const told: number[] = [];
  let redirect: Redirect | undefined;
  for (const [at, answer] of answers.entries()) {
    if (answer === true) told.push((nodes[at] as RingNode).id);
    else if (answer !== false && (redirect === undefined || answer.timestamp.isAfter(redirect.timestamp))) {
      redirect = answer;
    }
  }
  return { told, isComplete: told.length === nodes.length, redirect };
}

/** True when the server took the row, false when it did not, or where it wants the row to go. */
async function tell(
  context: DeliveryContext,
  node: RingNode,
  partition: number,
  update: AsyncUpdate,
): Promise<boolean | Redirect> {
  const target = { ip: node.replication_ip, port: node.replication_port, device: node.device, partition };
  try {
    const answer = await deliverRow(context.transport, target, update, EXTRA_HEADERS, context.timeouts);
    if (answer.status >= 200 && answer.status < 300) return true;
    const redirect = answer.status === 301 ? redirectOf(answer.headers) : undefined;
    if (redirect !== undefined) return redirect;
    context.log.debug(`Update of ${update.obj} got ${answer.status} from ${target.ip}:${target.port}/${node.device}`);
  } catch (error) {
    context.log.error(`ERROR with remote server ${target.ip}:${target.port}/${node.device}: ${faultText(error)}`);
  }
  return false;
}

function redirectOf(headers: Headers): Redirect | undefined {
  const location = headers.get('location');
  const timestamp = Timestamp.tryParse(headers.get('x-backend-redirect-timestamp'));
  if (location === undefined || timestamp === undefined) return undefined;
  const path = isTrueValue(headers.get('x-backend-location-is-quoted')) ? unquote(location) : nativeFromWire(location);
  try {
    const [account, container] = splitPath(path, 2, 3, true);
    return { path: `${account as string}/${container as string}`, timestamp };
  } catch {
    return undefined;
  }
}
