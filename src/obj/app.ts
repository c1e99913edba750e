/** The object server: egg:swift#object on disks, egg:swift#mem_object in memory. */

import { setTimeout as sleep } from 'node:timers/promises';
import { SocketTransport } from '../backend/socket-transport.ts';
import { BACKEND_TRANSPORT } from '../backend/transport.ts';
import type { Host } from '../common/host.ts';
import type { AppFactory, Conf, ConfSpec, Handler } from '../http/contract.ts';
import { OptionReader, readStorageConf } from '../http/storage-conf.ts';
import { dispatch, type MethodTable } from '../http/storage-server.ts';
import { deleteObject } from './delete.ts';
import { get, head } from './get.ts';
import { MemStorage } from './mem-storage.ts';
import { DISK_CONF_SPEC, openDiskStorage } from './open-disk-storage.ts';
import { post } from './post.ts';
import { put } from './put.ts';
import { replicate } from './replicate.ts';
import type { ObjectServer } from './server.ts';
import { storageFault } from './storage-faults.ts';
import type { ObjectStorage } from './storage.ts';
import { allowedHeaderSet } from './stored-headers.ts';
import { UpdateSender } from './update-sender.ts';

export const confSpec: ConfSpec = {
  ...DISK_CONF_SPEC,
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
    doc: 'Prefix of the account of the expirer queue; better set in swift.conf.',
  },
  expiring_objects_account_name: {
    type: 'text',
    default: 'expiring_objects',
    doc: 'Account of the expirer queue, behind auto_create_account_prefix. The same on all servers.',
  },
  expiring_objects_container_divisor: {
    type: 'seconds',
    default: 86400,
    min: 1,
    doc: 'Span of time that a container of the expirer queue stands for. The same on all servers.',
  },
};

/** An object server over a storage of the caller's, which it closes with the pipeline. */
export function objectApp(globalConf: Conf, localConf: Conf, host: Host, storage: ObjectStorage): Handler {
  const options = new OptionReader(confSpec, globalConf, localConf);
  const conf = readStorageConf(options);
  const server = makeServer(options, host, storage);
  host.onClose(async () => {
    await server.updates.close();
    await storage.close();
  });
  return dispatch({
    serverType: 'object',
    methods: methodTable(server),
    replicationServer: conf.replicationServer,
    log: host.log,
    logRequests: conf.logRequests,
    logLine: conf.logLine,
    now: host.now,
    mapError: storageFault,
  });
}

export const appFactory: AppFactory = (globalConf, localConf, host) =>
  objectApp(globalConf, localConf, host, openDiskStorage(globalConf, localConf, host));

export const memAppFactory: AppFactory = (globalConf, localConf, host) =>
  objectApp(globalConf, localConf, host, new MemStorage({ hashPath: host.hashPath }));

function makeServer(options: OptionReader, host: Host, storage: ObjectStorage): ObjectServer {
  let transport = host.service(BACKEND_TRANSPORT);
  if (transport === undefined) {
    const own = new SocketTransport();
    host.onClose(() => {
      own.close();
    });
    transport = own;
  }
  const prefix = options.text('auto_create_account_prefix') || host.constraints.auto_create_account_prefix;
  return {
    storage,
    updates: new UpdateSender({
      transport,
      asyncPending: storage.asyncPending,
      connectTimeoutMs: options.number('conn_timeout') * 1000,
      nodeTimeoutMs: options.number('node_timeout') * 1000,
      waitMs: options.number('container_update_timeout') * 1000,
    }),
    policies: host.policies,
    constraints: host.constraints,
    hashPath: host.hashPath,
    now: host.now,
    allowedHeaders: allowedHeaderSet(options.list('allowed_headers')),
    maxUploadSeconds: options.number('max_upload_time'),
    slowSeconds: options.number('slow'),
    expirerAccount: `${prefix}${options.text('expiring_objects_account_name')}`,
    expirerDivisorSeconds: options.number('expiring_objects_container_divisor'),
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
  if (server.slowSeconds === 0) return handler;
  return async (req) => {
    const end = server.now() + server.slowSeconds;
    try {
      return await handler(req);
    } finally {
      await sleep(Math.max(0, end - server.now()) * 1000);
    }
  };
}
