/** A whole proxy app over scripted nodes: three replicas d0, d1, d2 in that order, handoffs d3 to d5, a clock that stands still. */

import { DEFAULT_CONSTRAINTS } from '../../../src/common/constraints.ts';
import type { Host } from '../../../src/common/host.ts';
import type { Policies, StoragePolicy } from '../../../src/common/storage-policy.ts';
import { PipelineInfo } from '../../../src/compose/info-registry.ts';
import type { Handler } from '../../../src/http/contract.ts';
import type { RequestEnv } from '../../../src/http/env.ts';
import type { HeaderInit } from '../../../src/http/headers.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { proxyApp } from '../../../src/proxy/app.ts';
import { parseProxyConf } from '../../../src/proxy/proxy-conf.ts';
import { ProxyContext } from '../../../src/proxy/proxy-context.ts';
import { LineLog } from '../http/silent-log.ts';
import { HASH_CONFIG, NOW, plainRing } from './object-fixture.ts';
import { type NodeScript, type RecordedRequest, type ScriptedAnswer, ScriptedNodes } from './scripted-nodes.ts';

const POLICIES = [policy(0, 'gold'), policy(1, 'silver'), policy(2, 'old', true)];

function policy(index: number, name: string, isDeprecated = false): StoragePolicy {
  return {
    index,
    name,
    aliases: index === 0 ? [name, 'yellow'] : [name],
    type: 'replication',
    isDefault: index === 0,
    isDeprecated,
    erasureCoding: undefined,
  };
}

const policies: Policies = {
  default: POLICIES[0] as StoragePolicy,
  get: (index) => POLICIES[index],
  byName: (name) => POLICIES.find(({ aliases }) => aliases.includes(name.toLowerCase())),
  [Symbol.iterator]: () => POLICIES[Symbol.iterator](),
};

export interface ProxyFixture {
  app: Handler;
  nodes: ScriptedNodes;
  context: ProxyContext;
  log: LineLog;
  send: (method: string, target: string, options?: SendOptions) => Promise<Answer>;
}

export interface SendOptions {
  headers?: HeaderInit;
  body?: Uint8Array;
  env?: RequestEnv;
}

export interface Answer {
  res: SwiftResponse;
  status: number;
  text: string;
}

export function proxyFixture(
  script: NodeScript,
  conf: Record<string, string> = {},
  more: { random?: () => number; now?: () => number } = {},
): ProxyFixture {
  const nodes = new ScriptedNodes(script);
  const log = new LineLog();
  const ring = { account: plainRing(3, 6, 6002), container: plainRing(3, 6, 6001), object: plainRing(3, 6, 6000) };
  const host: Host = {
    now: more.now ?? (() => NOW),
    log,
    swiftDir: '/nonexistent',
    policies,
    constraints: DEFAULT_CONSTRAINTS,
    hashPath: HASH_CONFIG,
    info: new PipelineInfo(),
    ring: (type) => ring[type],
    service: () => undefined,
    onClose: () => undefined,
  };
  const context = new ProxyContext({
    conf: parseProxyConf(conf),
    host,
    transport: nodes,
    random: more.random ?? (() => 0.999),
    pid: 42,
  });
  const app = proxyApp(context);
  const send: ProxyFixture['send'] = async (method, target, options = {}) => {
    const req = new SwiftRequest({
      method,
      target,
      headers: { host: 'swift.example', ...options.headers },
      body: options.body ?? null,
      log,
      env: { transId: 'tx1', swiftOwner: true, infoCache: new Map<string, unknown>(), ...options.env },
    });
    const res = await app(req);
    const text = method === 'HEAD' ? '' : await res.text();
    await res.close();
    return { res, status: res.status, text };
  };
  return { app, nodes, context, log, send };
}

/** Kind of server that a request went to, by the port of the fixture's rings. */
export function serverOf(request: RecordedRequest): 'account' | 'container' | 'object' {
  const kind = request.target.split('?')[0]?.split('/').length ?? 0;
  return kind === 4 ? 'account' : kind === 5 ? 'container' : 'object';
}

/** Accounts exist; containers answer by `container`. */
export function withAccount(container: NodeScript): NodeScript {
  return (request) => (serverOf(request) === 'account' ? EXISTING_ACCOUNT : container(request));
}

export const EXISTING_ACCOUNT: ScriptedAnswer = {
  status: 204,
  headers: {
    'x-account-container-count': 7,
    'x-account-object-count': 8,
    'x-account-bytes-used': 9,
    'x-timestamp': '1400000000.00000',
    'x-put-timestamp': '1400000000.00000',
  },
};
