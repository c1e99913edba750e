/** swift-container-updater: tells the account servers about containers whose state they do not know yet. */

import { readdir } from 'node:fs/promises';
import type { BackendTransport } from '../backend/transport.ts';
import type { Conf } from '../common/conf.ts';
import { readConf } from '../common/conf-spec.ts';
import { deviceFolder } from '../common/drive.ts';
import type { Host, Logger } from '../common/host.ts';
import { saveRecon } from '../common/recon-cache.ts';
import { forEachPaced, pauseBetweenMs, runSweeps } from '../common/sweeping.ts';
import type { HashLocator } from '../db/store-types.ts';
import type { ContainerStore } from './container-store.ts';
import { reportContainer, type ReportContext, type SweepStats } from './updater-report.ts';

export const updaterConfSpec = {
  devices: { type: 'text', default: '/srv/node', doc: 'Folder that holds the devices.' },
  mount_check: { type: 'boolean', default: true, doc: 'Whether a device must be a mount point to be swept.' },
  interval: { type: 'seconds', default: 300, doc: 'Seconds from the start of one sweep to that of the next.' },
  concurrency: { type: 'integer', default: 4, min: 1, doc: 'Containers reported side by side.' },
  containers_per_second: {
    type: 'number',
    doc: 'Containers looked at in a second; 0 for no limit. Default: 50, or what slowdown leaves.',
  },
  slowdown: {
    type: 'seconds',
    default: 0.01,
    doc: 'Pause after each container, where containers_per_second is not given.',
  },
  node_timeout: { type: 'seconds', default: 3, doc: 'Seconds to wait for the answer of an account server.' },
  conn_timeout: { type: 'seconds', default: 0.5, doc: 'Seconds to wait for a connection to one.' },
  account_suppression_time: {
    type: 'seconds',
    default: 60,
    doc: 'Seconds for which an account whose servers failed is left alone.',
  },
  recon_cache_path: { type: 'text', default: '/var/cache/swift', doc: 'Folder of the caches that recon reads.' },
} as const;

export interface ContainerUpdaterOptions {
  readonly host: Host;
  /** [DEFAULT] and `[container-updater]`. */
  readonly globalConf: Conf;
  readonly localConf: Conf;
  readonly store: ContainerStore;
  readonly transport: BackendTransport;
  /** One sweep, then return. */
  readonly once: boolean;
  /** Ends the run after the containers in hand. */
  readonly signal: AbortSignal;
}

interface Updater extends ContainerUpdaterOptions {
  readonly log: Logger;
  readonly devices: string;
  readonly mountCheck: boolean;
  readonly concurrency: number;
  /** Shortest time between the beginnings of two reports. */
  readonly pauseMs: number;
  readonly reconCachePath: string;
  readonly context: ReportContext;
}

/** Runs until the signal aborts, or for one sweep. A sweep that fails is logged and does not end the run. */
export async function runContainerUpdater(options: ContainerUpdaterOptions): Promise<void> {
  const conf = readConf(updaterConfSpec, options.globalConf, options.localConf);
  const { host, store, transport, once, signal } = options;
  const updater: Updater = {
    ...options,
    log: host.log,
    devices: conf.devices,
    mountCheck: conf.mount_check,
    concurrency: conf.concurrency,
    pauseMs: pauseBetweenMs(conf.containers_per_second, conf.slowdown),
    reconCachePath: conf.recon_cache_path,
    context: {
      host,
      store,
      transport,
      connectTimeoutMs: conf.conn_timeout * 1000,
      nodeTimeoutMs: conf.node_timeout * 1000,
      suppressionSeconds: conf.account_suppression_time,
      suppressedUntil: new Map(),
    },
  };
  await runSweeps({
    once,
    intervalMs: conf.interval * 1000,
    signal,
    sweep: () => sweep(updater),
    failed: (error) => updater.log.error('ERROR container update sweep failed', error),
  });
}

/** One pass over every device. */
async function sweep(updater: Updater): Promise<void> {
  const started = performance.now();
  updater.log.info('Begin container update sweep');
  const stats: SweepStats = { successes: 0, failures: 0, unchanged: 0 };
  for (const device of await devicesOf(updater)) {
    if (updater.signal.aborted) return;
    await sweepDevice(updater, device, stats);
  }
  const seconds = (performance.now() - started) / 1000;
  updater.log.info(
    `Container update sweep completed: ${seconds.toFixed(2)}s, ${stats.successes} successes, ` +
      `${stats.failures} failures, ${stats.unchanged} with no changes`,
  );
  try {
    await saveRecon(updater.reconCachePath, 'container.recon', { container_updater_sweep: seconds });
  } catch (error) {
    updater.log.error('Exception dumping recon cache', error);
  }
}

async function devicesOf(updater: Updater): Promise<string[]> {
  const usable: string[] = [];
  for (const device of (await readdir(updater.devices)).sort()) {
    if (deviceFolder(updater.devices, device, updater.mountCheck) !== undefined) usable.push(device);
    else updater.log.warn(`Skipping ${device} as it is not mounted`);
  }
  return usable;
}

async function sweepDevice(updater: Updater, device: string, stats: SweepStats): Promise<void> {
  await forEachPaced(updater.store.databases(device), updater, async (database) => {
    try {
      await reportContainer(updater.context, database, stats);
    } catch (error) {
      stats.failures += 1;
      updater.log.error(`Error processing container ${nameOf(database)}`, error);
    }
  });
}

function nameOf({ device, partition, hash }: HashLocator): string {
  return `${device}/containers/${partition}/${hash.slice(-3)}/${hash}`;
}
