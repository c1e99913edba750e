/** A proxy for objects over scripted nodes: rings without files, one container that exists, a clock that stands still. */

import { DEFAULT_CONSTRAINTS, type Constraints } from '../../../src/common/constraints.ts';
import type { Host, RingLookup, RingNode } from '../../../src/common/host.ts';
import { hashPath, partitionOfHash } from '../../../src/common/hash-path.ts';
import type { Policies, StoragePolicy } from '../../../src/common/storage-policy.ts';
import { type Body, type BodyStream, iterateBody } from '../../../src/http/body.ts';
import type { RequestEnv } from '../../../src/http/env.ts';
import { Headers, type HeaderInit } from '../../../src/http/headers.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { HttpError, SwiftResponse } from '../../../src/http/response.ts';
import { objectController } from '../../../src/proxy/controllers/object.ts';
import { parseProxyConf } from '../../../src/proxy/proxy-conf.ts';
import { ProxyContext } from '../../../src/proxy/proxy-context.ts';
import { LineLog } from '../http/silent-log.ts';
import { type NodeScript, ScriptedNodes } from './scripted-nodes.ts';

export const NOW = 1795352767.6714;
export const HASH_CONFIG: { prefix: Buffer; suffix: Buffer } = {
  prefix: Buffer.from('changeme'),
  suffix: Buffer.from('changeme'),
};

function policy(index: number, type: StoragePolicy['type'] = 'replication'): StoragePolicy {
  const name = index === 0 ? 'gold' : `policy-${index}`;
  return { index, name, aliases: [name], type, isDefault: index === 0, isDeprecated: false, erasureCoding: undefined };
}

export function policies(): Policies {
  const all = [policy(0), policy(1), policy(2, 'erasure_coding')];
  return {
    default: all[0] as StoragePolicy,
    get: (index) => all[index],
    byName: (name) => all.find((one) => one.name === name),
    [Symbol.iterator]: () => all[Symbol.iterator](),
  };
}

/** A ring whose every partition has the devices d0, d1, ... in order; those beyond `replicas` are handoffs. */
export function plainRing(replicas: number, devices: number, portBase: number): RingLookup {
  const device = (id: number): RingNode => ({
    id,
    region: 1 + (id % 2),
    zone: id,
    ip: '127.0.0.1',
    port: portBase + id,
    replication_ip: '127.0.0.2',
    replication_port: portBase + 1000 + id,
    device: `d${id}`,
    weight: 1,
    meta: '',
  });
  const all = Array.from({ length: devices }, (_, id) => device(id));
  return {
    replicaCount: replicas,
    partPower: 6,
    nextPartPower: null,
    devices: all,
    partitionOf: (...names) => partitionOfHash(hashPath(HASH_CONFIG, names[0], names[1], names[2]), 6),
    primaries: () => all.slice(0, replicas).map((node, index) => ({ ...node, index })),
    handoffs: () =>
      all
        .slice(replicas)
        .map((node, index) => ({ ...node, handoff_index: index }))
        [Symbol.iterator](),
  };
}

export interface ProxyOptions {
  replicas?: number;
  devices?: number;
  conf?: Record<string, string>;
  constraints?: Partial<Constraints>;
  objectRing?: RingLookup;
  containerRing?: RingLookup;
  containerHeaders?: HeaderInit;
  containerStatus?: number;
  /** Answers GETs of the container. */
  listing?: (req: SwiftRequest) => SwiftResponse;
  random?: () => number;
}

export class ObjectProxy {
  readonly nodes: ScriptedNodes;
  readonly context: ProxyContext;
  readonly log: LineLog = new LineLog();
  /** Sub-requests that the controller made. */
  readonly subRequests: SwiftRequest[] = [];
  now: number = NOW;

  constructor(script: NodeScript, options: ProxyOptions = {}) {
    const { replicas = 3, devices = replicas + 2 } = options;
    this.nodes = new ScriptedNodes(script);
    const objectRing = options.objectRing ?? plainRing(replicas, devices, 6200);
    const containerRing = options.containerRing ?? plainRing(3, 4, 6100);
    const host: Host = {
      now: () => this.now,
      log: this.log,
      swiftDir: '/nonexistent',
      policies: policies(),
      constraints: { ...DEFAULT_CONSTRAINTS, ...options.constraints },
      hashPath: HASH_CONFIG,
      info: { register: () => undefined, registerAdmin: () => undefined, get: () => ({}) },
      ring: (type) => (type === 'object' ? objectRing : containerRing),
      service: () => undefined,
      onClose: () => undefined,
    };
    this.context = new ProxyContext({
      conf: parseProxyConf({ post_quorum_timeout: '0.01', ...options.conf }),
      host,
      transport: this.nodes,
      random: options.random ?? ((): number => 0.999),
      pid: 20030,
    });
    this.context.app = async (req) => {
      this.subRequests.push(req);
      if (req.method === 'GET' && options.listing !== undefined) return options.listing(req);
      return new SwiftResponse(options.containerStatus ?? 204, {
        'x-backend-storage-policy-index': '0',
        'x-backend-sharding-state': 'unsharded',
        ...(options.containerHeaders as Record<string, string> | undefined),
      });
    };
  }

  request(
    method: string,
    target: string,
    headers: HeaderInit = {},
    body: Body = null,
    env: RequestEnv = {},
  ): SwiftRequest {
    const all = new Headers(headers);
    all.setDefault('host', '127.0.0.1:6780');
    if (body instanceof Uint8Array) all.setDefault('content-length', body.length);
    return new SwiftRequest({ method, target, headers: all, body, log: this.log, env: { transId: 'tx1', ...env } });
  }

  /** Sends the request to the controller, and turns what it throws into the answer, as the app does. */
  async send(req: SwiftRequest): Promise<SwiftResponse> {
    const [, account, container, ...object] = req.path.slice(1).split('/');
    const names = { account: account as string, container: container as string, object: object.join('/') };
    const operation = objectController.operations[req.method];
    if (operation === undefined) throw new Error(`no ${req.method}`);
    try {
      return await operation(this.context, req, names);
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      throw error;
    }
  }
}

/** A client's body in chunks; an Error among them breaks it. */
export function chunkedBody(chunks: readonly (Uint8Array | string | Error)[]): BodyStream & { closed: boolean } {
  let at = 0;
  const stream = {
    closed: false,
    read: async (): Promise<Uint8Array | null> => {
      await Promise.resolve();
      const chunk = chunks[at++];
      if (chunk === undefined) return null;
      if (chunk instanceof Error) throw chunk;
      return Buffer.from(chunk);
    },
    close: (): void => {
      stream.closed = true;
    },
    [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> => iterateBody(stream),
  };
  return stream;
}
