import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountApp } from '../../../src/account/app.ts';
import { openAccountStore } from '../../../src/account/open-account-store.ts';
import type { AccountStore } from '../../../src/account/account-store.ts';
import { InProcessTransport } from '../../../src/backend/in-process-transport.ts';
import { BACKEND_TRANSPORT } from '../../../src/backend/transport.ts';
import type { RingLookup, RingNode, ServiceKey } from '../../../src/common/host.ts';
import { parseSwiftConf } from '../../../src/common/swift-conf.ts';
import { ServerHost } from '../../../src/compose/host.ts';
import { containerApp } from '../../../src/container/app.ts';
import type { ContainerStore } from '../../../src/container/container-store.ts';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import type { Handler } from '../../../src/http/contract.ts';
import { Headers } from '../../../src/http/headers.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { LineLog } from '../http/silent-log.ts';

export const SWIFT_CONF = `[swift-hash]
swift_hash_path_prefix = changeme
swift_hash_path_suffix = changeme
[storage-policy:0]
name = gold
default = yes
[storage-policy:1]
name = silver
[storage-policy:2]
name = ec21
policy_type = erasure_coding
ec_type = liberasurecode_rs_vand
ec_num_data_fragments = 2
ec_num_parity_fragments = 1
[storage-policy:3]
name = old
deprecated = yes
`;

export const DEVICES: readonly string[] = ['sdb1', 'sdb2', 'sdb3', 'sdb4'];

export interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

export interface DatabaseServers {
  devices: string;
  container: Handler;
  account: Handler;
  containerStore: ContainerStore;
  accountStore: AccountStore;
  transport: InProcessTransport;
  host: ServerHost;
  log: LineLog;
  clock: { seconds: number };
  /** Closes the servers and removes their folder. */
  close(): Promise<void>;
}

/** A container and an account server over real databases in a folder of their own. Account servers listen nowhere. */
export function databaseServers(conf: Record<string, string> = {}, ring?: RingLookup): DatabaseServers {
  const devices = mkdtempSync(join(tmpdir(), 'apus-databases-'));
  for (const device of DEVICES) mkdirSync(join(devices, device));
  const log = new LineLog();
  const clock = { seconds: 1_795_352_764 };
  const transport = new InProcessTransport();
  const { policies, constraints, hashPath } = parseSwiftConf(SWIFT_CONF, 'swift.conf');
  const services: [ServiceKey<unknown>, unknown][] = [[BACKEND_TRANSPORT, transport]];
  const now = (): number => clock.seconds;
  const host = new ServerHost({ log, swiftDir: devices, policies, constraints, hashPath, services, now });
  if (ring !== undefined) host.ring = () => ring;
  const storeOptions = { devices, hashPath, constraints, log, workers: 0 };
  const containerStore = openContainerStore(storeOptions);
  const accountStore = openAccountStore(storeOptions);
  const local = { devices, mount_check: 'false', fallocate_reserve: '0', ...conf };
  return {
    devices,
    container: containerApp({}, local, host, containerStore),
    account: accountApp({}, local, host, accountStore),
    containerStore,
    accountStore,
    transport,
    host,
    log,
    clock,
    async close() {
      await host.close();
      rmSync(devices, { recursive: true });
    },
  };
}

/** Sends a request and reads the whole answer, as a connection would show it: a HEAD has no body. Bodies are one character a byte. */
export async function ask(
  app: Handler,
  method: string,
  target: string,
  headers: Record<string, string | number> | Headers = {},
  body?: string,
): Promise<Answer> {
  const all = new Headers(headers);
  const bytes = body === undefined ? null : Buffer.from(body, 'latin1');
  if (bytes !== null) all.setDefault('content-length', bytes.length);
  const req = new SwiftRequest({
    method,
    target,
    headers: all,
    body: bytes,
    log: new LineLog(),
    remoteAddress: '10.0.0.9',
  });
  const res = await app(req);
  const text = (await res.bytes()).toString('latin1');
  return { status: res.status, headers: res.headers, body: method === 'HEAD' ? '' : text };
}

/** A server at an address that records what it is asked and gives one answer. */
export function listen(
  { transport, log }: DatabaseServers,
  address: string,
  answer: (req: SwiftRequest) => SwiftResponse | Promise<SwiftResponse>,
): SwiftRequest[] {
  const asked: SwiftRequest[] = [];
  const [ip, port] = address.split(':') as [string, string];
  transport.register(
    ip,
    Number(port),
    async (req) => {
      asked.push(req);
      return answer(req);
    },
    log,
  );
  return asked;
}

export function emptyAnswer(status: number): SwiftResponse {
  return new SwiftResponse(status, { 'content-length': '0' });
}

/** A ring whose one partition lies on account servers at 127.0.0.1:6001 and on. */
export function accountRing(replicas: number, partition = 5): RingLookup {
  const devices = Array.from({ length: replicas }, (_, id): RingNode => ({
    id,
    region: 1,
    zone: id,
    ip: '10.0.0.1',
    port: 1,
    replication_ip: '127.0.0.1',
    replication_port: 6001 + id,
    device: `sdb${id + 1}`,
    weight: 1,
    meta: '',
    index: id,
  }));
  return {
    replicaCount: replicas,
    partPower: 4,
    nextPartPower: null,
    devices,
    partitionOf: () => partition,
    primaries: () => devices,
    *handoffs() {
      // There are none.
    },
  };
}
