import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadSwiftConf } from '../../../src/common/swift-conf.ts';
import { ServerHost } from '../../../src/compose/host.ts';
import type { Handler } from '../../../src/http/contract.ts';
import { MemoryCache } from '../../../src/http/memory-cache.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { accountCacheKey } from '../../../src/http/resource-info.ts';
import { filterFactory as listingFormats } from '../../../src/middleware/listing-formats.ts';
import { proxyApp } from '../../../src/proxy/app.ts';
import { parseProxyConf } from '../../../src/proxy/proxy-conf.ts';
import { ProxyContext } from '../../../src/proxy/proxy-context.ts';
import { silentLog } from '../http/silent-log.ts';
import { type Capture, comparableAnswer, comparableHead, loadCapture, recordedAnswer } from './capture-replay.ts';
import { ScriptedNodes } from './scripted-nodes.ts';

const swiftDir = fileURLToPath(new URL('../../golden/cluster', import.meta.url));
const CONF = { allow_account_management: 'true', account_autocreate: 'true', post_quorum_timeout: '2' };

interface Replay {
  nodes: ScriptedNodes;
  app: Handler;
  req: SwiftRequest;
}

/** The proxy of the recorded cluster behind the filter that formats listings, with what the other filters left in the request. */
async function replayOf(capture: Capture): Promise<Replay> {
  const nodes = new ScriptedNodes((request) => recordedAnswer(capture, request));
  const host = new ServerHost({ log: silentLog, swiftDir, ...loadSwiftConf(swiftDir) });
  const context = new ProxyContext({ conf: parseProxyConf(CONF), host, transport: nodes, random: () => 0.999 });
  const app = await (await listingFormats({}, {}, host))(proxyApp(context));
  const { method, path, request_headers } = capture.client;
  const req = new SwiftRequest({
    method,
    target: path,
    headers: { host: '127.0.0.1:6780', 'x-auth-token': 'AUTH_tk', ...request_headers },
    log: silentLog,
    env: { transId: 'tx', cache: new MemoryCache(), infoCache: new Map(), swiftOwner: true, authorize: () => null },
  });
  return { nodes, app, req };
}

/** What the recorded proxy had in its cache of the account; for 011 that it is yet to be made, left there by 010. */
function knowAccount(capture: Capture, req: SwiftRequest): void {
  const [, , account = '', container] = capture.client.path.split(/[/?]/);
  if (container === undefined) return;
  req.env.infoCache?.set(accountCacheKey(account), {
    status: 200,
    container_count: '1',
    total_object_count: '0',
    bytes: '0',
    storage_policies: {},
    meta: {},
    sysmeta: {},
    account_really_exists: !capture.name.startsWith('011-'),
  });
}

const SCENARIOS = [
  '010 011 012 013 014 015 016 017 018 019 020 021',
  '060 061 062 063 064 065 066',
  '270 271 272 273 274 281',
]
  .join(' ')
  .split(' ');

describe('what a Python proxy sent and answered, and what this one does', () => {
  for (const capture of SCENARIOS.map(loadCapture)) {
    test(`${capture.name.replace('.json', '')}: ${capture.what}`, async () => {
      const { nodes, app, req } = await replayOf(capture);
      knowAccount(capture, req);
      const res = await app(req);
      const body = req.method === 'HEAD' ? '' : (await res.bytes()).toString('latin1');
      await res.close();

      // The requests to the nodes. What filters of the recorded pipeline asked for is not part of it.
      const recorded = capture.exchanges
        .filter(({ isInfo, isProxys }) => isProxys && !isInfo)
        .map(({ method, target, headers }) => comparableHead(method, target, headers));
      const sent = nodes.requests
        .filter(({ headers }) => !headers.has('x-backend-allow-reserved-names'))
        .map(({ method, target, device, headers }) => comparableHead(method, target.slice(device.length + 1), headers));
      expect(sent.length).toBeGreaterThan(0);
      expect(sorted(sent)).toEqual(sorted(recorded));
      expect(accountPairs(nodes.requests.map(({ headers }) => headers))).toEqual(
        accountPairs(capture.exchanges.filter(({ isProxys }) => isProxys).map(({ headers }) => headers)),
      );
      expect(nodes.leaked).toEqual([]);

      // The answer to the client.
      const { client } = capture;
      expect(res.statusLine).toBe(`${client.status} ${client.reason}`);
      const masked = capture.name.startsWith('010-');
      expect(comparableAnswer(res.headers, masked)).toEqual(comparableAnswer(client.response_headers, masked));
      expect(body).toBe(client.response_body_latin1);
    });
  }
});

function sorted(heads: [string, string[]][]): string[] {
  return heads.map((head) => JSON.stringify(head)).sort();
}

/** The account servers that container servers are to tell. */
function accountPairs(heads: { get(name: string): string | undefined }[]): string[] {
  return heads
    .map((headers) => `${headers.get('x-account-host') ?? ''} ${headers.get('x-account-device') ?? ''}`)
    .filter((pair) => pair !== ' ')
    .sort();
}
