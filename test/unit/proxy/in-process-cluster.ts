/** A cluster in one process for tests of the proxy: real servers of every kind, no sockets; objects are kept in memory. */

import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appFactory as accountFactory } from '../../../src/account/app.ts';
import { InProcessTransport } from '../../../src/backend/in-process-transport.ts';
import { BACKEND_TRANSPORT } from '../../../src/backend/transport.ts';
import { DEFAULT_CONSTRAINTS } from '../../../src/common/constraints.ts';
import type { Host, RingType, ServiceKey } from '../../../src/common/host.ts';
import { appFactory as containerFactory } from '../../../src/container/app.ts';
import type { Body } from '../../../src/http/body.ts';
import type { Handler } from '../../../src/http/contract.ts';
import type { RequestEnv } from '../../../src/http/env.ts';
import { Headers, type HeaderInit } from '../../../src/http/headers.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { memAppFactory } from '../../../src/obj/app.ts';
import { appFactory as proxyFactory } from '../../../src/proxy/app.ts';
import { LineLog } from '../http/silent-log.ts';
import { HASH_CONFIG, plainRing, policies } from './object-fixture.ts';

const PORTS: Record<RingType, number> = { account: 6000, container: 6100, object: 6200 };

export interface ClusterOptions {
  replicas?: number;
  objectServers?: number;
  proxyConf?: Record<string, string>;
}

export class InProcessCluster {
  readonly log: LineLog = new LineLog();
  /** The object servers by number; replace one to make it fail. */
  readonly objectServers: Handler[] = [];
  readonly #transport = new InProcessTransport();
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #folder: string;
  #proxy: Handler | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(options: ClusterOptions = {}): Promise<InProcessCluster> {
    const cluster = new InProcessCluster(await mkdtemp(join(tmpdir(), 'apus-proxy-')));
    const { replicas = 3, objectServers = 4, proxyConf } = options;
    const host = cluster.#host(replicas, objectServers);
    for (const type of ['account', 'container'] as const) {
      const devices = join(cluster.#folder, type);
      for (let id = 0; id < 3; id++) await mkdir(join(devices, `d${id}`), { recursive: true });
      const factory = type === 'account' ? accountFactory : containerFactory;
      const app = await factory({}, { devices, mount_check: 'false', log_requests: 'false' }, host);
      for (let id = 0; id < 3; id++) cluster.#transport.register('127.0.0.1', PORTS[type] + id, app, cluster.log);
    }
    for (let id = 0; id < objectServers; id++) {
      cluster.objectServers.push(await memAppFactory({}, { log_requests: 'false' }, host));
      cluster.startObjectServer(id);
    }
    const conf = { account_autocreate: 'true', node_timeout: '2', ...proxyConf };
    cluster.#proxy = await proxyFactory({}, conf, host);
    return cluster;
  }

  startObjectServer(id: number): void {
    const handler: Handler = (req) => (this.objectServers[id] as Handler)(req);
    this.#stops[id] = this.#transport.register('127.0.0.1', PORTS.object + id, handler, this.log);
  }

  stopObjectServer(id: number): void {
    this.#stops[id]?.();
  }

  async send(
    method: string,
    target: string,
    headers: HeaderInit = {},
    body: Body = null,
    env: RequestEnv = {},
  ): Promise<SwiftResponse> {
    const all = new Headers(headers);
    all.setDefault('host', 'proxy');
    if (body instanceof Uint8Array) all.setDefault('content-length', body.length);
    const req = new SwiftRequest({ method, target, headers: all, body, log: this.log, env });
    return (this.#proxy as Handler)(req);
  }

  async close(): Promise<void> {
    await this.#transport.close();
    for (const close of this.#closers.reverse()) await close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #host(replicas: number, objectServers: number): Host {
    const rings = {
      account: plainRing(3, 3, PORTS.account),
      container: plainRing(3, 3, PORTS.container),
      object: plainRing(replicas, objectServers, PORTS.object),
    };
    return {
      now: () => Date.now() / 1000,
      log: this.log,
      swiftDir: this.#folder,
      policies: policies(),
      constraints: DEFAULT_CONSTRAINTS,
      hashPath: HASH_CONFIG,
      info: { register: () => undefined, registerAdmin: () => undefined, get: () => ({}) },
      ring: (type) => rings[type],
      service: <T>(key: ServiceKey<T>) => (key.name === BACKEND_TRANSPORT.name ? (this.#transport as T) : undefined),
      onClose: (close) => {
        this.#closers.push(close);
      },
    };
  }
}
