/** The systems that are compared: Python Swift and Apus as clusters of processes, Apus in one process. */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessCluster } from '../test/cluster/processes.ts';
import { freePorts } from '../test/process/cluster.ts';
import { ServerProcess } from '../test/process/server-process.ts';
import { scratchDirectory } from '../test/unit/common/scratch.ts';
import { type Sections, USERS } from '../test/cluster/configuration.ts';

export type SystemName = 'python' | 'apus' | 'one';

export interface System {
  readonly name: SystemName;
  readonly port: number;
  /** Of its cluster's configs and rings; where container servers can be reached by HTTP. */
  readonly folder: string;
  token: string;
  readonly proxyPid: number;
  /** Of all its processes; those that they start are found. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** Swift's default pipeline as far as Apus has it. */
export const PIPELINE: string = [
  ...['catch_errors', 'gatekeeper', 'healthcheck', 'proxy-logging', 'cache', 'listing_formats', 'bulk', 'tempurl'],
  ...['ratelimit', 'tempauth', 'copy', 'container-quotas', 'account-quotas', 'slo', 'dlo', 'proxy-logging'],
  'proxy-server',
].join(' ');

/** With many clients at once on few cores, answers that take their time are no faults of the nodes, and no reason to leave them out. */
const PATIENT = {
  'app:proxy-server': { node_timeout: '60', conn_timeout: '5', error_suppression_limit: '1000000' },
};

export interface ClusterChoice {
  pipeline?: string;
  /** Sections of the proxy's config, added to those of the filters of PIPELINE. */
  sections?: Sections;
  /** Checkout whose Apus runs; this one when left out. */
  root?: string;
  /** Workers of the proxy; 0, which is one without a parent, when left out. */
  workers?: number;
}

const ROOT = join(import.meta.dirname, '..');
const running = new Set<System>();

/** Ends what still runs. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((system) => system.stop()));
}

/** Four devices on four machines of one address, three replicas, a memcached. */
export async function startCluster(name: 'python' | 'apus', choice: ClusterChoice = {}): Promise<System> {
  const cluster = await ProcessCluster.start({
    servers: name === 'python' ? 'debian' : 'apus',
    nodes: 4,
    pipeline: choice.pipeline ?? PIPELINE,
    proxy: { ...PATIENT, ...choice.sections },
    isQuiet: true,
    ...(choice.root === undefined ? {} : { root: choice.root }),
    ...(choice.workers === undefined ? {} : { workers: choice.workers }),
  });
  return await ready({
    name,
    port: cluster.port,
    folder: cluster.folder,
    token: '',
    proxyPid: (cluster.servers.at(-1) as ServerProcess).pid,
    pids: cluster.pids,
    stop: () => cluster.stop(),
  });
}

/** Its config folder and data, kept over starts. */
export interface AllInOneFolder {
  readonly path: string;
  remove(): void;
}

/** The configs that `npm start` serves, with the clusters' pipeline and their way of logging. */
export function layOutAllInOne(): AllInOneFolder {
  const scratch = scratchDirectory();
  const configs = join(scratch.path, 'etc');
  cpSync(join(ROOT, 'etc/swift'), configs, { recursive: true });
  for (const type of ['account', 'container', 'object', 'proxy']) {
    const path = join(configs, `${type}-server.conf`);
    let text = readFileSync(path, 'utf8').replaceAll('%(here)s/../../var', join(scratch.path, 'var'));
    text = text.replace('[DEFAULT]', '[DEFAULT]\nlog_udp_host = 127.0.0.1\nlog_udp_port = 5599');
    if (type === 'proxy') text = text.replace(/^pipeline = .*$/m, `pipeline = ${PIPELINE}`);
    writeFileSync(path, text);
  }
  return scratch;
}

export async function startAllInOne(folder: AllInOneFolder): Promise<System> {
  const [port = 0] = await freePorts(1);
  const configs = join(folder.path, 'etc');
  const command = [join(ROOT, 'bin/start'), '--port', String(port), '--config'];
  const server = new ServerProcess(command, configs, port, []);
  await server.start();
  const stop = (): Promise<void> => server.stop();
  const { pid } = server;
  return await ready({ name: 'one', port, folder: folder.path, token: '', proxyPid: pid, pids: [pid], stop });
}

async function ready(system: System): Promise<System> {
  const started: System = {
    ...system,
    stop: async () => {
      running.delete(started);
      await system.stop();
    },
  };
  running.add(started);
  const { user, key } = USERS.tester;
  const headers = { 'x-auth-user': user, 'x-auth-key': key };
  const answer = await fetch(`http://127.0.0.1:${system.port}/auth/v1.0`, { headers });
  const token = answer.headers.get('x-auth-token');
  if (token === null) throw new Error(`${system.name} gives no token: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  started.token = token;
  return started;
}
