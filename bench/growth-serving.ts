/** Cost as clients, workers and filters grow: a GET of 1 KiB through the whole cluster. */

import type { Sections } from '../test/cluster/configuration.ts';
import { measureRow } from './comparison.ts';
import { prepareFor } from './fixture.ts';
import type { Sample } from './measure.ts';
import { cpuSeconds, rssBytes, withDescendants } from './process-times.ts';
import { type Row, rowNamed } from './rows.ts';
import { PIPELINE, startCluster, type System } from './systems.ts';
import { markdownTable, short } from './table.ts';

const ROW = rowNamed('get-1k') as Row;
const WARM_UP_SEC = 2;
const CLIENTS = 64;

interface ServingSample extends Sample {
  /** The proxy's part of `cpuMs`. */
  proxyCpuMs: number;
  /** Of the proxy's processes together, after the load. */
  proxyRssBytes: number;
}

async function ask(system: System, clients: number, seconds: number): Promise<ServingSample> {
  const before = cpuSeconds([system.proxyPid]);
  const sample = await measureRow(system, ROW, clients, seconds);
  const proxySec = cpuSeconds([system.proxyPid]) - before;
  const memories = withDescendants([system.proxyPid]).map(rssBytes);
  return {
    ...sample,
    proxyCpuMs: (proxySec * 1000) / sample.requests,
    proxyRssBytes: memories.reduce((sum, bytes) => sum + bytes, 0),
  };
}

const NUMBERS = ['GET /s', 'p50 ms', 'p99 ms', 'CPU ms', 'of the proxy', "proxy's memory"];

function cells(sample: ServingSample): string[] {
  const { requestsPerSec, p50Ms, p99Ms, cpuMs, proxyCpuMs, proxyRssBytes } = sample;
  return [
    ...[requestsPerSec, p50Ms, p99Ms, cpuMs, proxyCpuMs].map(short),
    `${Math.round(proxyRssBytes / 2 ** 20)} MiB`,
  ];
}

export async function growClients(seconds: number): Promise<string> {
  const system = await startCluster('apus');
  await prepareFor(system, [ROW]);
  await ask(system, CLIENTS, WARM_UP_SEC);
  const rows = [['clients', ...NUMBERS]];
  for (const clients of [64, 128, 256, 512, 1024])
    rows.push([String(clients), ...cells(await ask(system, clients, seconds))]);
  await system.stop();
  return markdownTable(rows);
}

export async function growWorkers(seconds: number): Promise<string> {
  const rows = [["proxy's workers", ...NUMBERS]];
  for (const workers of [1, 2]) {
    const system = await startCluster('apus', { workers });
    await prepareFor(system, [ROW]);
    await ask(system, CLIENTS, WARM_UP_SEC);
    rows.push([String(workers), ...cells(await ask(system, CLIENTS, seconds))]);
    await system.stop();
  }
  return markdownTable(rows);
}

/** Filters beside those of PIPELINE, put before its tempauth; by name and entry point. */
const FURTHER: Readonly<Record<string, string>> = {
  ...{ 'etag-quoter': 'etag_quoter', crossdomain: 'crossdomain', domain_remap: 'domain_remap', formpost: 'formpost' },
  ...{ name_check: 'name_check', read_only: 'read_only', list_endpoints: 'list_endpoints', xprofile: 'xprofile' },
  ...{ cname_lookup: 'cname_lookup', 'proxy-logging-2': 'proxy_logging' },
};
const SECTIONS: Sections = Object.fromEntries(
  Object.entries(FURTHER).map(([name, entryPoint]) => [`filter:${name}`, { use: `egg:swift#${entryPoint}` }]),
);

/** What cannot be left out, then the rest of PIPELINE's in its order, then further ones. */
function pipelineOf(filters: number): string {
  const own = PIPELINE.split(' ').slice(0, -1);
  const first = ['catch_errors', 'gatekeeper', 'proxy-logging', 'cache', 'tempauth'];
  const optional = own.filter((name) => !first.includes(name));
  const further = Object.keys(FURTHER);
  const chosen = new Set([...first, ...[...optional, ...further].slice(0, filters - first.length)]);
  const auth = own.indexOf('tempauth');
  const all = new Set([...own.slice(0, auth), ...further, ...own.slice(auth)]);
  const kept = [...all].filter((name) => chosen.has(name));
  return [...kept, 'proxy-server'].join(' ');
}

export async function growPipeline(seconds: number): Promise<string> {
  const rows = [['filters', ...NUMBERS]];
  for (const filters of [5, 10, 15, 20, 25]) {
    const system = await startCluster('apus', { pipeline: pipelineOf(filters), sections: SECTIONS });
    await prepareFor(system, [ROW]);
    await ask(system, CLIENTS, WARM_UP_SEC);
    rows.push([String(filters), ...cells(await ask(system, CLIENTS, seconds))]);
    await system.stop();
  }
  return markdownTable(rows);
}
