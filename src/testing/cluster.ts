/** A whole cluster inside the test's process: real servers on folders of its own, and a proxy that listens on a free port. */

import { builtinEntryPoints } from '../builtins.ts';
import { type EmbeddedCluster, openEmbeddedCluster } from '../compose/embedded-cluster.ts';
import { listen, makeHttpServer } from '../compose/serving.ts';
import type { EntryPointTable } from '../paste/entry-point-table.ts';
import { linkOwnPackage, makeClusterFolder, packageFolders } from './cluster-files.ts';
import { FakeLog } from './fake-log.ts';
import { type ClusterFilter, DEFAULT_PIPELINE, filterPackages, proxyConf } from './proxy-conf.ts';

export interface ClusterOptions {
  /**
   * Folder of a proxy-server.conf and, if the test wants its own, of the other servers' configs. They are copied, so `%(here)s/../../var`
   * in them is the cluster's own folder. Default: a pipeline with tempauth.
   */
  configDir?: string;
  /** Keeps objects in memory; else on disk below the temporary folder, which then needs extended attributes. Default true. */
  memory?: boolean;
  /** Names of the proxy's pipeline, for a cluster without configDir; every built-in filter may stand there. */
  pipeline?: string;
  /** Filters to put into the pipeline, in front of the app where they name nothing else; for a cluster without configDir. */
  filters?: readonly ClusterFilter[];
  /** Folder from which packages are seen. Default: configDir, else the working folder. */
  packagesFrom?: string;
}

export interface Credentials {
  /** `account:user` */
  user: string;
  key: string;
}

export interface Cluster {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Folder that holds etc/swift and var, until the cluster stops. */
  readonly folder: string;
  /** What all its servers log. */
  readonly log: FakeLog;
  /** Names of the proxy's pipeline, outermost first. */
  readonly pipeline: readonly string[];
  /** Gets a token from tempauth. Default user: test:tester. */
  authenticate(credentials?: Credentials): Promise<{ token: string; storageUrl: string }>;
  /** `fetch` with a path on the storage URL of test:tester (`/c/o`) and its token. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Ends requests, closes the servers, removes the folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const TESTER: Credentials = { user: 'test:tester', key: 'testing' };
const STOP_GRACE_MS = 2_000;
/** A free port is never in use. */
const BIND_TIMEOUT_SECONDS = 0;

/** Throws ConfigError for a config that a server would refuse. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { filters = [], pipeline = DEFAULT_PIPELINE, configDir, memory = true } = options;
  if (configDir !== undefined && (options.pipeline !== undefined || filters.length > 0)) {
    throw new RangeError('pipeline and filters are for a cluster without configDir: the config has its own');
  }
  const packagesFrom = options.packagesFrom ?? configDir ?? process.cwd();
  const folder = await makeClusterFolder({
    configDir,
    proxyConf: proxyConf(pipeline, filters),
    objectsInMemory: memory,
  });
  const log = new FakeLog();
  const entryPoints: EntryPointTable = {
    packages: { ...builtinEntryPoints.packages, ...filterPackages(filters) },
    modules: builtinEntryPoints.modules,
  };
  try {
    await linkOwnPackage(packagesFrom, folder.path);
    const embedded = await openEmbeddedCluster({
      configDir: folder.configDir,
      entryPoints,
      makeLog: () => log,
      packagePaths: packageFolders(packagesFrom),
      objectsInMemory: memory,
    });
    return await serve(embedded, folder, log);
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function serve(
  embedded: EmbeddedCluster,
  folder: { readonly path: string; remove(): Promise<void> },
  log: FakeLog,
): Promise<Cluster> {
  const server = makeHttpServer(embedded.proxy);
  try {
    await listen(server, { ...embedded.proxy.options, bind_timeout: BIND_TIMEOUT_SECONDS }, 0);
  } catch (error) {
    await embedded.close();
    throw error;
  }
  const { port } = server;
  const scheme = embedded.proxy.options.cert_file === '' ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${port}`;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      try {
        await server.drain(STOP_GRACE_MS);
        await embedded.close();
      } finally {
        await folder.remove();
      }
    })());
  const authenticate: Cluster['authenticate'] = (credentials = TESTER) => tokenFor(url, credentials);
  let tester: ReturnType<Cluster['authenticate']> | undefined;
  return {
    url,
    port,
    folder: folder.path,
    log,
    pipeline: embedded.proxy.names,
    authenticate,
    fetch: async (path, init = {}) => {
      const { token, storageUrl } = await (tester ??= authenticate());
      const headers = new Headers(init.headers);
      headers.set('x-auth-token', token);
      return fetch(storageUrl + path, { ...init, headers });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function tokenFor(url: string, { user, key }: Credentials): Promise<{ token: string; storageUrl: string }> {
  const res = await fetch(`${url}/auth/v1.0`, { headers: { 'x-auth-user': user, 'x-auth-key': key } });
  await res.arrayBuffer();
  const token = res.headers.get('x-auth-token');
  const storageUrl = res.headers.get('x-storage-url');
  if (token === null || storageUrl === null) throw new Error(`${user} got no token: ${res.status} ${res.statusText}`);
  return { token, storageUrl };
}
