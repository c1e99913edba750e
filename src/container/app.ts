/** The container server: egg:swift#container. */

import { SocketTransport } from '../backend/socket-transport.ts';
import { BACKEND_TRANSPORT, type BackendTransport } from '../backend/transport.ts';
import type { Host } from '../common/host.ts';
import { StoreError } from '../db/store-types.ts';
import type { AppFactory, Conf, ConfSpec, Handler } from '../http/contract.ts';
import { databaseFaultResponse } from '../http/database-server.ts';
import { OptionReader, readStorageConf, STORAGE_CONF_SPEC } from '../http/storage-conf.ts';
import { dispatch, type MethodTable } from '../http/storage-server.ts';
import type { ContainerStore } from './container-store.ts';
import { remove } from './delete.ts';
import { get } from './get.ts';
import { head } from './head.ts';
import { post } from './post.ts';
import { put } from './put.ts';
import { replicate } from './replicate.ts';
import type { ContainerServer } from './server.ts';
import { openContainerStore } from './open-container-store.ts';
import { SyncRealms } from './sync-to.ts';
import { update } from './update.ts';

export const confSpec: ConfSpec = {
  ...STORAGE_CONF_SPEC,
  conn_timeout: { type: 'seconds', default: 0.5, doc: 'Time to wait for a connection to an account server.' },
  node_timeout: { type: 'seconds', default: 3, doc: 'Time to wait for the answer of an account server.' },
  allowed_sync_hosts: {
    type: 'list',
    default: '127.0.0.1',
    doc: 'Hosts that X-Container-Sync-To may name, beside the realms of container-sync-realms.conf.',
  },
  auto_create_account_prefix: {
    type: 'text',
    doc: 'Prefix of accounts whose containers are made by their first row; better set in swift.conf.',
  },
};

export const appFactory: AppFactory = (globalConf, localConf, host) => {
  const options = new OptionReader(confSpec, globalConf, localConf);
  const store = openContainerStore({
    devices: options.text('devices'),
    hashPath: host.hashPath,
    constraints: host.constraints,
    log: host.log,
  });
  return containerApp(globalConf, localConf, host, store);
};

/** A container server over a store of the caller's, which it closes with the pipeline. */
export function containerApp(globalConf: Conf, localConf: Conf, host: Host, store: ContainerStore): Handler {
  host.onClose(() => store.close());
  const options = new OptionReader(confSpec, globalConf, localConf);
  const conf = readStorageConf(options);
  const server: ContainerServer = {
    store,
    drive: conf,
    policies: host.policies,
    listingLimit: host.constraints.container_listing_limit,
    autoCreateAccountPrefix: options.text('auto_create_account_prefix') || host.constraints.auto_create_account_prefix,
    syncTo: {
      allowedHosts: options.list('allowed_sync_hosts'),
      realms: new SyncRealms(`${host.swiftDir}/container-sync-realms.conf`, host.log),
    },
    transport: transportOf(host),
    connectTimeoutMs: options.number('conn_timeout') * 1000,
    nodeTimeoutMs: options.number('node_timeout') * 1000,
    log: host.log,
    now: host.now,
  };
  return dispatch({
    serverType: 'container',
    methods: methodTable(server),
    replicationServer: conf.replicationServer,
    log: host.log,
    logRequests: conf.logRequests,
    logLine: conf.logLine,
    now: host.now,
    mapError: (error, req) => {
      if (!(error instanceof StoreError)) return undefined;
      const res = databaseFaultResponse(error.code, error.message, req.path.split('/')[1] ?? '');
      if (res.status >= 500) req.log.error(`ERROR ${req.method} ${req.path}: ${error.code}`, error);
      return res;
    },
  });
}

function transportOf(host: Host): BackendTransport {
  const given = host.service(BACKEND_TRANSPORT);
  if (given !== undefined) return given;
  const own = new SocketTransport();
  host.onClose(() => {
    own.close();
  });
  return own;
}

function methodTable(server: ContainerServer): MethodTable {
  return {
    DELETE: (req) => remove(server, req),
    GET: (req) => get(server, req),
    HEAD: (req) => head(server, req),
    POST: (req) => post(server, req),
    PUT: (req) => put(server, req),
    REPLICATE: (req) => replicate(server, req),
    UPDATE: (req) => update(server, req),
  };
}
