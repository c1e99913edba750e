/** swift-object-updater: delivers the container updates that object servers could not. */

import type { BackendTransport } from '../backend/transport.ts';
import type { Conf } from '../common/conf.ts';
import { readConf } from '../common/conf-spec.ts';
import type { Host, Logger } from '../common/host.ts';
import { saveRecon } from '../common/recon-cache.ts';
import { forEachPaced, pauseBetweenMs, runSweeps } from '../common/sweeping.ts';
import type { DeliveryTimeouts } from './row-delivery.ts';
import { type ObjectStorage, StorageError } from './storage.ts';
import { deliverEntry, type UpdaterStats } from './updater-delivery.ts';

export const updaterConfSpec = {
  interval: { type: 'seconds', default: 300, doc: 'Seconds from the start of one sweep to that of the next.' },
  concurrency: { type: 'integer', default: 8, min: 1, doc: 'Updates delivered side by side.' },
  objects_per_second: {
    type: 'number',
    doc: 'Updates begun in a second; 0 for no limit. Default: 50, or what slowdown leaves.',
  },
  slowdown: { type: 'seconds', default: 0.01, doc: 'Pause after each update, where objects_per_second is not given.' },
  node_timeout: { type: 'seconds', default: 10, doc: 'Seconds to wait for the answer of a container server.' },
  conn_timeout: { type: 'seconds', default: 0.5, doc: 'Seconds to wait for a connection to one.' },
  report_interval: { type: 'seconds', default: 300, doc: 'Seconds between lines of statistics within a sweep.' },
  recon_cache_path: { type: 'text', default: '/var/cache/swift', doc: 'Folder of the caches that recon reads.' },
} as const;

export interface UpdaterOptions {
  readonly host: Host;
  /** [DEFAULT] and `[object-updater]`. */
  readonly globalConf: Conf;
  readonly localConf: Conf;
  readonly storage: ObjectStorage;
  readonly transport: BackendTransport;
  /** One sweep, then return. */
  readonly once: boolean;
  /** Ends the run after the update in hand. */
  readonly signal: AbortSignal;
}

interface Updater extends UpdaterOptions {
  readonly log: Logger;
  readonly concurrency: number;
  /** Shortest time between the beginnings of two updates. */
  readonly pauseMs: number;
  readonly reportIntervalMs: number;
  readonly reconCachePath: string;
  readonly timeouts: DeliveryTimeouts;
}

/** Runs until the signal aborts, or for one sweep. A sweep that fails is logged and does not end the run. */
export async function runObjectUpdater(options: UpdaterOptions): Promise<void> {
  const conf = readConf(updaterConfSpec, options.globalConf, options.localConf);
  const updater: Updater = {
    ...options,
    log: options.host.log,
    concurrency: conf.concurrency,
    pauseMs: pauseBetweenMs(conf.objects_per_second, conf.slowdown),
    reportIntervalMs: conf.report_interval * 1000,
    reconCachePath: conf.recon_cache_path,
    timeouts: { connectTimeoutMs: conf.conn_timeout * 1000, nodeTimeoutMs: conf.node_timeout * 1000 },
  };
  await runSweeps({
    once: options.once,
    intervalMs: conf.interval * 1000,
    signal: options.signal,
    sweep: () => sweep(updater),
    failed: (error) => updater.log.error('ERROR object update sweep failed', error),
  });
}

/** One pass over every device and policy. */
async function sweep(updater: Updater): Promise<void> {
  const started = performance.now();
  updater.log.info('Begin object update sweep');
  const stats = newStats();
  const perDevice: Record<string, UpdaterStats> = {};
  for (const device of await updater.storage.asyncPending.devices()) {
    if (updater.signal.aborted) return;
    perDevice[device] = await sweepDevice(updater, device);
    addStats(stats, perDevice[device]);
  }
  const seconds = (performance.now() - started) / 1000;
  updater.log.info(`Object update sweep completed: ${seconds.toFixed(2)}s, ${describe(stats)}`);
  await tellRecon(updater, seconds, stats);
}

/** What recon asks for; a cache that cannot be written costs a warning. */
async function tellRecon(updater: Updater, seconds: number, stats: UpdaterStats): Promise<void> {
  try {
    await saveRecon(updater.reconCachePath, 'object.recon', {
      object_updater_sweep: seconds,
      object_updater_stats: { ...stats },
      object_updater_last: updater.host.now(),
    });
  } catch (error) {
    updater.log.warn(`Recon cache in ${updater.reconCachePath} not written: ${String(error)}`);
  }
}

async function sweepDevice(updater: Updater, device: string): Promise<UpdaterStats> {
  const stats = newStats();
  try {
    await updater.storage.checkDevice(device);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    updater.log.warn(`Skipping ${device} as it is not mounted`);
    stats.errors += 1;
    return stats;
  }
  for (const policyIndex of await updater.storage.asyncPending.policies(device)) {
    await sweepPolicy(updater, device, policyIndex, stats);
  }
  return stats;
}

async function sweepPolicy(updater: Updater, device: string, policyIndex: number, stats: UpdaterStats): Promise<void> {
  const { host, storage, transport, timeouts, log } = updater;
  const context = {
    asyncPending: storage.asyncPending,
    containerRing: () => host.ring('container'),
    transport,
    timeouts,
    log,
    stats,
  };
  let lastReport = performance.now();
  await forEachPaced(storage.asyncPending.entries(device, policyIndex), updater, async (entry) => {
    if (performance.now() - lastReport >= updater.reportIntervalMs) {
      lastReport = performance.now();
      log.info(`Object update sweep progress on ${device}: ${describe(stats)}`);
    }
    try {
      await deliverEntry(context, entry);
    } catch (error) {
      stats.errors += 1;
      log.error(`ERROR with the update ${entry.hash} on ${device}`, error);
    }
  });
}

function newStats(): UpdaterStats {
  return { successes: 0, failures: 0, redirects: 0, unlinks: 0, quarantines: 0, errors: 0 };
}

function addStats(sum: UpdaterStats, stats: UpdaterStats): void {
  for (const key of Object.keys(stats) as (keyof UpdaterStats)[]) sum[key] += stats[key];
}

function describe(stats: UpdaterStats): string {
  return (
    `${stats.successes} successes, ${stats.failures} failures, ${stats.quarantines} quarantines, ` +
    `${stats.unlinks} unlinks, ${stats.errors} errors, ${stats.redirects} redirects`
  );
}
