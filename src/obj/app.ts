/** The object server: egg:swift#object on disks, egg:swift#mem_object in memory. */

import { setTimeout as sleep } from 'node:timers/promises';
import { backendTransportOf } from '../backend/host-transport.ts';
import { readConf, type TypedConf } from '../common/conf-spec.ts';
import type { Host } from '../common/host.ts';
import type { AppFactory, Conf, ConfSpec, Handler } from '../http/contract.ts';
import { STORAGE_CONF_SPEC, storageConf } from '../http/storage-conf.ts';
import { dispatch, type MethodTable } from '../http/storage-server.ts';
import { deleteObject } from './delete.ts';
import { get, head } from './get.ts';
import { MemStorage } from './mem-storage.ts';
import { DISK_CONF_SPEC, diskStorage } from './open-disk-storage.ts';
import { post } from './post.ts';
import { put } from './put.ts';
import { replicate } from './replicate.ts';
import type { ObjectServer } from './server.ts';
import { storageFault } from './storage-faults.ts';
import type { ObjectStorage } from './storage.ts';
import { allowedHeaderSet } from './stored-headers.ts';
import { UpdateSender } from './update-sender.ts';

const SERVER_SPEC = {
  ...STORAGE_CONF_SPEC,
  allowed_headers: {
    type: 'list',
    doc: 'Headers stored with an object beside its metadata; empty for the usual nine.',
  },
  max_upload_time: { type: 'seconds', default: 86400, doc: 'Longest time that the body of a PUT may take.' },
  slow: { type: 'seconds', default: 0, doc: 'Least time that a PUT or DELETE takes, to simulate slow devices.' },
  conn_timeout: { type: 'seconds', default: 0.5, doc: 'Time to wait for a connection to a container server.' },
  node_timeout: { type: 'seconds', default: 3, doc: 'Time to wait for the answer of a container server.' },
  container_update_timeout: {
    type: 'seconds',
    default: 1,
    doc: 'Longest time that a request waits for its container updates; later they go on by themselves.',
  },
  auto_create_account_prefix: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Prefix of the account of the expirer queue; better set in swift.conf.',
  },
  expiring_objects_account_name: {
    type: 'text',
    default: 'expiring_objects',
    emptyIsMissing: true,
    doc: 'Account of the expirer queue, behind auto_create_account_prefix. The same on all servers.',
  },
  expiring_objects_container_divisor: {
    type: 'seconds',
    default: 86400,
    min: 1,
    emptyIsMissing: true,
    doc: 'Span of time that a container of the expirer queue stands for. The same on all servers.',
  },
} as const satisfies ConfSpec;

const DISK_SERVER_SPEC = { ...SERVER_SPEC, ...DISK_CONF_SPEC } as const;

export const confSpec: ConfSpec = DISK_SERVER_SPEC;

export const appFactory: AppFactory = (globalConf, localConf, host) => {
  const conf = readConf(DISK_SERVER_SPEC, globalConf, localConf);
  return makeApp(conf, host, diskStorage(conf, host));
};

export const memAppFactory: AppFactory = (globalConf, localConf, host) =>
  objectApp(globalConf, localConf, host, new MemStorage({ hashPath: host.hashPath }));

/** An object server over a storage of the caller's, which it closes with the pipeline. */
export function objectApp(globalConf: Conf, localConf: Conf, host: Host, storage: ObjectStorage): Handler {
  return makeApp(readConf(SERVER_SPEC, globalConf, localConf), host, storage);
}

function makeApp(conf: TypedConf<typeof SERVER_SPEC>, host: Host, storage: ObjectStorage): Handler {
  const server = makeServer(conf, host, storage);
  host.onClose(async () => {
    await server.updates.close();
    await storage.close();
  });
  const { replicationServer, logRequests, logLine } = storageConf(conf);
  return dispatch({
    serverType: 'object',
    methods: methodTable(server),
    replicationServer,
    log: host.log,
    logRequests,
    logLine,
    now: host.now,
    mapError: storageFault,
  });
}

function makeServer(conf: TypedConf<typeof SERVER_SPEC>, host: Host, storage: ObjectStorage): ObjectServer {
  const prefix = conf.auto_create_account_prefix ?? host.constraints.auto_create_account_prefix;
  return {
    storage,
    updates: new UpdateSender({
      transport: backendTransportOf(host),
      asyncPending: storage.asyncPending,
      connectTimeoutMs: conf.conn_timeout * 1000,
      nodeTimeoutMs: conf.node_timeout * 1000,
      waitMs: conf.container_update_timeout * 1000,
    }),
    policies: host.policies,
    constraints: host.constraints,
    hashPath: host.hashPath,
    now: host.now,
    allowedHeaders: allowedHeaderSet(conf.allowed_headers),
    maxUploadSeconds: conf.max_upload_time,
    slowSeconds: conf.slow,
    expirerAccount: `${prefix}${conf.expiring_objects_account_name}`,
    expirerDivisorSeconds: conf.expiring_objects_container_divisor,
  };
}

function methodTable(server: ObjectServer): MethodTable {
  return {
    GET: (req) => get(server, req),
    HEAD: (req) => head(server, req),
    PUT: slowed(server, (req) => put(server, req)),
    POST: (req) => post(server, req),
    DELETE: slowed(server, (req) => deleteObject(server, req)),
    REPLICATE: (req) => replicate(server, req),
  };
}

/** With `slow`, answers no sooner than that. */
function slowed(server: ObjectServer, handler: Handler): Handler {
  if (server.slowSeconds <= 0) return handler;
  return async (req) => {
    const end = server.now() + server.slowSeconds;
    try {
      return await handler(req);
    } finally {
      await sleep(Math.max(0, end - server.now()) * 1000);
    }
  };
}
