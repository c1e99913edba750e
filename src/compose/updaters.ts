/** The updaters as tasks of this process: they deliver to account and container servers what a request could not. */

import { dirname } from 'node:path';
import { SocketTransport } from '../backend/socket-transport.ts';
import { type BackendTransport, BACKEND_TRANSPORT } from '../backend/transport.ts';
import type { Host } from '../common/host.ts';
import { CONTAINER_STORE } from '../container/container-store.ts';
import { openContainerStore } from '../container/open-container-store.ts';
import { runContainerUpdater } from '../container/updater.ts';
import type { Conf } from '../http/contract.ts';
import { openDiskStorage } from '../obj/open-disk-storage.ts';
import { runObjectUpdater } from '../obj/updater.ts';
import { readSection } from '../common/readconf.ts';

export type UpdaterName = 'object-updater' | 'container-updater';

export interface UpdaterRun {
  host: Host;
  /** Settings of the updater's section over those of [DEFAULT]. */
  conf: Conf;
  /** One sweep, then return. */
  once: boolean;
  signal: AbortSignal;
}

/** Settings of an updater's section. `%(here)s` may stand in them, as it may in the section of the server. */
export function readUpdaterConf(configPath: string, name: UpdaterName): Conf {
  return readSection(configPath, name, {
    logName: name,
    defaults: { here: dirname(configPath), __file__: configPath },
  });
}

/** Runs until the signal aborts, or for one sweep. */
export async function runUpdater(name: UpdaterName, run: UpdaterRun): Promise<void> {
  const own = run.host.service(BACKEND_TRANSPORT) === undefined ? new SocketTransport() : undefined;
  const transport: BackendTransport = own ?? (run.host.service(BACKEND_TRANSPORT) as BackendTransport);
  try {
    await (name === 'object-updater' ? updateObjects(run, transport) : updateContainers(run, transport));
  } finally {
    own?.close();
  }
}

async function updateObjects({ host, conf, once, signal }: UpdaterRun, transport: BackendTransport): Promise<void> {
  const storage = openDiskStorage({}, conf, host);
  try {
    await runObjectUpdater({ host, globalConf: {}, localConf: conf, storage, transport, once, signal });
  } finally {
    await storage.close();
  }
}

async function updateContainers({ host, conf, once, signal }: UpdaterRun, transport: BackendTransport): Promise<void> {
  const { hashPath, constraints, log } = host;
  const shared = host.service(CONTAINER_STORE)?.store;
  const store =
    shared ?? openContainerStore({ devices: conf['devices'] ?? '/srv/node', hashPath, constraints, log, workers: 1 });
  try {
    await runContainerUpdater({ host, globalConf: {}, localConf: conf, store, transport, once, signal });
  } finally {
    if (shared === undefined) await store.close();
  }
}
