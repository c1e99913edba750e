/** The account server: egg:swift#account. */

import { readConf, type TypedConf } from '../common/conf-spec.ts';
import type { Host } from '../common/host.ts';
import type { AppFactory, Conf, ConfSpec, Handler } from '../http/contract.ts';
import { answerReplicate } from '../http/database-replicate.ts';
import { STORAGE_CONF_SPEC, storageConf } from '../http/storage-conf.ts';
import { dispatch, type MethodTable } from '../http/storage-server.ts';
import { storeFault } from '../http/store-fault.ts';
import type { AccountStore } from './account-store.ts';
import { remove } from './delete.ts';
import { get } from './get.ts';
import { head } from './head.ts';
import { post } from './post.ts';
import { put } from './put.ts';
import type { AccountServer } from './server.ts';
import { DATABASE_THREADS } from '../db/store-types.ts';
import { openAccountStore } from './open-account-store.ts';

const SPEC = {
  ...STORAGE_CONF_SPEC,
  auto_create_account_prefix: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Prefix of accounts that are made by their first container row; better set in swift.conf.',
  },
} as const satisfies ConfSpec;

export const confSpec: ConfSpec = SPEC;

export const appFactory: AppFactory = (globalConf, localConf, host) => {
  const conf = readConf(SPEC, globalConf, localConf);
  const { hashPath, constraints, log } = host;
  const threads = host.service(DATABASE_THREADS);
  return makeApp(
    conf,
    host,
    openAccountStore({
      devices: conf.devices,
      hashPath,
      constraints,
      log,
      workers: threads,
      warm: threads === undefined,
    }),
  );
};

/** An account server over a store of the caller's, which it closes with the pipeline. */
export function accountApp(globalConf: Conf, localConf: Conf, host: Host, store: AccountStore): Handler {
  return makeApp(readConf(SPEC, globalConf, localConf), host, store);
}

function makeApp(conf: TypedConf<typeof SPEC>, host: Host, store: AccountStore): Handler {
  host.onClose(() => store.close());
  const storage = storageConf(conf);
  const server: AccountServer = {
    store,
    drive: storage,
    policies: host.policies,
    listingLimit: host.constraints.account_listing_limit,
    autoCreateAccountPrefix: conf.auto_create_account_prefix ?? host.constraints.auto_create_account_prefix,
    log: host.log,
    now: host.now,
  };
  return dispatch({
    serverType: 'account',
    methods: methodTable(server),
    replicationServer: storage.replicationServer,
    log: host.log,
    logRequests: storage.logRequests,
    logLine: storage.logLine,
    now: host.now,
    mapError: storeFault,
  });
}

function methodTable(server: AccountServer): MethodTable {
  return {
    DELETE: (req) => remove(server, req),
    GET: (req) => get(server, req),
    HEAD: (req) => head(server, req),
    POST: (req) => post(server, req),
    PUT: (req) => put(server, req),
    REPLICATE: (req) => answerReplicate(req, server.drive, server.store),
  };
}
