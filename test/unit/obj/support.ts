import { InProcessTransport } from '../../../src/backend/in-process-transport.ts';
import { BACKEND_TRANSPORT } from '../../../src/backend/transport.ts';
import type { RingLookup, RingNode, ServiceKey } from '../../../src/common/host.ts';
import { parseSwiftConf } from '../../../src/common/swift-conf.ts';
import { ServerHost } from '../../../src/compose/host.ts';
import type { Body } from '../../../src/http/body.ts';
import type { Handler } from '../../../src/http/contract.ts';
import { Headers } from '../../../src/http/headers.ts';
import { type RequestConnection, SwiftRequest } from '../../../src/http/request.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { objectApp } from '../../../src/obj/app.ts';
import { MemStorage } from '../../../src/obj/mem-storage.ts';
import type { AsyncUpdate, ObjectStorage } from '../../../src/obj/storage.ts';
import { LineLog } from '../http/silent-log.ts';

const SWIFT_CONF = `[swift-hash]
swift_hash_path_prefix = changeme
swift_hash_path_suffix = changeme
[storage-policy:0]
name = gold
default = yes
[storage-policy:1]
name = silver
[storage-policy:2]
name = ec
policy_type = erasure_coding
ec_type = liberasurecode_rs_vand
ec_num_data_fragments = 2
ec_num_parity_fragments = 1
[storage-policy:3]
name = bronze
`;

/** A row as a container server received it. */
export interface ReceivedRow {
  address: string;
  method: string;
  path: string;
  headers: Headers;
}

export interface ObjectServerFixture {
  app: Handler;
  host: ServerHost;
  storage: ObjectStorage;
  log: LineLog;
  clock: { seconds: number };
  transport: InProcessTransport;
  rows: ReceivedRow[];
  /** Makes a container server answer at an address; the default answer is 201. */
  listen(address: string, answer?: (req: SwiftRequest) => SwiftResponse | Promise<SwiftResponse>): void;
  request(
    method: string,
    target: string,
    headers?: Record<string, string>,
    body?: Body,
    connection?: RequestConnection,
  ): Promise<SwiftResponse>;
  pending(device?: string, policyIndex?: number): Promise<AsyncUpdate[]>;
}

export function objectServer(
  options: { conf?: Record<string, string>; devices?: readonly string[]; storage?: ObjectStorage } = {},
): ObjectServerFixture {
  const log = new LineLog();
  const clock = { seconds: 1_700_000_100 };
  const transport = new InProcessTransport();
  const { policies, constraints, hashPath } = parseSwiftConf(SWIFT_CONF, 'swift.conf');
  const services: [ServiceKey<unknown>, unknown][] = [[BACKEND_TRANSPORT, transport]];
  const host = new ServerHost({
    log,
    swiftDir: '/nowhere',
    policies,
    constraints,
    hashPath,
    services,
    now: () => clock.seconds,
  });
  const storage = options.storage ?? new MemStorage({ hashPath, ...(options.devices && { devices: options.devices }) });
  const app = objectApp({}, options.conf ?? {}, host, storage);
  const rows: ReceivedRow[] = [];
  return {
    app,
    host,
    storage,
    log,
    clock,
    transport,
    rows,
    listen(address, answer = () => new SwiftResponse(201, { 'content-length': '0' })) {
      const [ip, port] = address.split(':') as [string, string];
      const handler: Handler = async (req) => {
        rows.push({ address, method: req.method, path: req.rawPath, headers: req.headers });
        return answer(req);
      };
      transport.register(ip, Number(port), handler, log);
    },
    request(method, target, headers = {}, body = null, connection = undefined) {
      const all = new Headers(headers);
      if (body instanceof Uint8Array) all.setDefault('content-length', body.length);
      return app(new SwiftRequest({ method, target, headers: all, body, log, connection }));
    },
    async pending(device = 'sdb1', policyIndex = 0) {
      const updates: AsyncUpdate[] = [];
      for await (const entry of storage.asyncPending.entries(device, policyIndex)) {
        const update = await storage.asyncPending.load(entry);
        if (update !== undefined) updates.push(update);
      }
      return updates;
    },
  };
}

/** A ring whose one partition lies on three container servers, 127.0.0.1:6001 to 6003. */
export function threeNodeRing(partition = 5): RingLookup {
  const devices = [0, 1, 2].map((id): RingNode => ({
    id,
    region: 1,
    zone: id,
    ip: '10.0.0.1',
    port: 1,
    replication_ip: '127.0.0.1',
    replication_port: 6001 + id,
    device: `sd${'abc'[id] as string}`,
    weight: 1,
    meta: '',
    index: id,
  }));
  return {
    replicaCount: 3,
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
