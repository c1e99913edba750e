/** The container server: egg:swift#container. */

import { backendTransportOf } from '../backend/host-transport.ts';
import { readConf, type TypedConf } from '../common/conf-spec.ts';
import type { Host } from '../common/host.ts';
import type { AppFactory, Conf, ConfSpec, Handler } from '../http/contract.ts';
import { answerReplicate } from '../http/database-replicate.ts';
import { STORAGE_CONF_SPEC, storageConf } from '../http/storage-conf.ts';
import { dispatch, type MethodTable } from '../http/storage-server.ts';
import { storeFault } from '../http/store-fault.ts';
import { CONTAINER_STORE, type ContainerStore } from './container-store.ts';
import { remove } from './delete.ts';
import { get } from './get.ts';
import { head } from './head.ts';
import { post } from './post.ts';
import { put } from './put.ts';
import type { ContainerServer } from './server.ts';
import { DATABASE_THREADS } from '../db/store-types.ts';
import { openContainerStore } from './open-container-store.ts';
import { SyncRealms } from './sync-to.ts';
import { update } from './update.ts';

const SPEC = {
  ...STORAGE_CONF_SPEC,
  conn_timeout: { type: 'seconds', default: 0.5, doc: 'Time to wait for a connection to an account server.' },
  node_timeout: { type: 'seconds', default: 3, doc: 'Time to wait for the answer of an account server.' },
  allowed_sync_hosts: {
    type: 'list',
    default: ['127.0.0.1'],
    doc: 'Hosts that X-Container-Sync-To may name, beside the realms of container-sync-realms.conf.',
  },
  auto_create_account_prefix: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Prefix of accounts whose containers are made by their first row; better set in swift.conf.',
  },
} as const satisfies ConfSpec;

export const confSpec: ConfSpec = SPEC;

export const appFactory: AppFactory = (globalConf, localConf, host) => {
  const conf = readConf(SPEC, globalConf, localConf);
  const { hashPath, constraints, log } = host;
  const threads = host.service(DATABASE_THREADS);
  const store = openContainerStore({
    devices: conf.devices,
    hashPath,
    constraints,
    log,
    workers: threads,
    warm: threads === undefined,
  });
  const shared = host.service(CONTAINER_STORE);
  if (shared !== undefined) shared.store = store;
  return makeApp(conf, host, store);
};

/** A container server over a store of the caller's, which it closes with the pipeline. */
export function containerApp(globalConf: Conf, localConf: Conf, host: Host, store: ContainerStore): Handler {
  return makeApp(readConf(SPEC, globalConf, localConf), host, store);
}

function makeApp(conf: TypedConf<typeof SPEC>, host: Host, store: ContainerStore): Handler {
  host.onClose(() => store.close());
  const storage = storageConf(conf);
  const server: ContainerServer = {
    store,
    drive: storage,
    policies: host.policies,
    listingLimit: host.constraints.container_listing_limit,
    autoCreateAccountPrefix: conf.auto_create_account_prefix ?? host.constraints.auto_create_account_prefix,
    syncTo: {
      allowedHosts: conf.allowed_sync_hosts,
      realms: new SyncRealms(`${host.swiftDir}/container-sync-realms.conf`, host.log),
    },
    transport: backendTransportOf(host),
    connectTimeoutMs: conf.conn_timeout * 1000,
    nodeTimeoutMs: conf.node_timeout * 1000,
    log: host.log,
    now: host.now,
  };
  return dispatch({
    serverType: 'container',
    methods: methodTable(server),
    replicationServer: storage.replicationServer,
    log: host.log,
    logRequests: storage.logRequests,
    logLine: storage.logLine,
    now: host.now,
    mapError: storeFault,
  });
}

function methodTable(server: ContainerServer): MethodTable {
  return {
    DELETE: (req) => remove(server, req),
    GET: (req) => get(server, req),
    HEAD: (req) => head(server, req),
    POST: (req) => post(server, req),
    PUT: (req) => put(server, req),
    REPLICATE: (req) => answerReplicate(req, server.drive, server.store),
    UPDATE: (req) => update(server, req),
  };
}
