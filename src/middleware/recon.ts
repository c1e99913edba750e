/** recon - tells monitoring tools about a storage server: `/recon/<check>[/<type>]`, JSON. Reads caches that daemons write. */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FilterFactory,
  type Handler,
  type Host,
  type Order,
  pythonJson,
  quote,
  readConf,
  SWIFT_VERSION,
  SwiftResponse,
  type TypedConf,
} from '../middleware-api.ts';
import { deviceNames, deviceUsage, quarantined, unmountedDevices } from './recon/devices.ts';
import { load, memory, mounts, sockets } from './recon/system.ts';

export const confSpec = {
  recon_cache_path: { type: 'text', default: '/var/cache/swift', doc: 'Folder of the caches that daemons write.' },
  recon_lock_path: { type: 'text', doc: 'Read by Swift and without use there and here.' },
  devices: { type: 'text', default: '/srv/node', doc: 'Folder that holds the devices.' },
  swift_dir: { type: 'text', default: '/etc/swift', doc: 'Folder of swift.conf and the rings.' },
} as const;

export const order: Order = {};

type Check = () => Promise<unknown>;

interface Checks {
  /** By name. What is asked for behind it counts for nothing, as in Swift. */
  readonly plain: ReadonlyMap<string, Check>;
  /** By name and type: `updater/object`. */
  readonly typed: ReadonlyMap<string, Check>;
}

const REPLICATION = ['replication_time', 'replication_stats', 'replication_last'];
const OBJECT_REPLICATION = [...REPLICATION, 'object_replication_time', 'object_replication_last'];

function audits(type: string): string[] {
  return [`${type}_audits_passed`, `${type}_auditor_pass_completed`, `${type}_audits_since`, `${type}_audits_failed`];
}

function checksOf(conf: TypedConf<typeof confSpec>, host: Host): Checks {
  const cached =
    (file: string, keys: readonly string[]): Check =>
    () =>
      cachedValues(join(conf.recon_cache_path, `${file}.recon`), keys);
  const { devices, swift_dir: swiftDir } = conf;
  const plain = new Map<string, Check>([
    ['mem', memory],
    ['load', load],
    ['sockstat', sockets],
    ['mounted', mounts],
    ['time', () => Promise.resolve(host.now())],
    ['version', () => Promise.resolve({ version: SWIFT_VERSION })],
    ['devices', async () => ({ [devices]: await deviceNames(devices) })],
    ['unmounted', () => unmountedDevices(devices)],
    ['diskusage', () => deviceUsage(devices)],
    ['quarantined', () => quarantined(devices, host.policies)],
    ['ringmd5', () => ringSums(swiftDir)],
    ['swiftconfmd5', () => sumsOf([join(swiftDir, 'swift.conf')])],
    ['async', cached('object', ['async_pending', 'async_pending_last'])],
    ['driveaudit', cached('drive', ['drive_audit_errors'])],
    ['relinker', cached('relinker', ['devices', 'workers'])],
    ['sharding', cached('container', ['sharding_stats', 'sharding_time', 'sharding_last'])],
  ]);
  const typed = new Map<string, Check>([
    ['replication', cached('object', OBJECT_REPLICATION)],
    ['replication/account', cached('account', REPLICATION)],
    ['replication/container', cached('container', REPLICATION)],
    ['replication/object', cached('object', OBJECT_REPLICATION)],
    ['updater/container', cached('container', ['container_updater_sweep'])],
    ['updater/object', cached('object', ['object_updater_sweep', 'object_updater_stats', 'object_updater_last'])],
    ['auditor/account', cached('account', audits('account'))],
    ['auditor/container', cached('container', audits('container'))],
    ['auditor/object', cached('object', ['object_auditor_stats_ALL', 'object_auditor_stats_ZBF'])],
    ['expirer/object', cached('object', ['object_expiration_pass', 'expired_last_pass'])],
    ['reconstruction/object', cached('object', ['object_reconstruction_last', 'object_reconstruction_time'])],
  ]);
  return { plain, typed };
}

/** `wanted` is what stands behind `/recon/`. */
function findCheck({ plain, typed }: Checks, wanted: string): Check | undefined {
  const slash = wanted.indexOf('/');
  return plain.get(slash < 0 ? wanted : wanted.slice(0, slash)) ?? typed.get(wanted);
}

/** The keys of a cache file, null for those it lacks; a file that is not there or unreadable has none. */
async function cachedValues(path: string, keys: readonly string[]): Promise<Record<string, unknown>> {
  let values: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse((await readFile(path, 'utf8')).split('\n')[0] ?? '');
    if (typeof parsed === 'object' && parsed !== null) values = parsed as Record<string, unknown>;
  } catch {
    // No daemon has written it yet, or one is damaged: nothing is known.
  }
  return Object.fromEntries(keys.map((key) => [key, values[key] ?? null]));
}

function ringSums(swiftDir: string): Promise<Record<string, string | null>> {
  const rings = readdirSync(swiftDir).filter((name) => /^(account|container|object(-\d+)?)\.ring\.gz$/.test(name));
  return sumsOf(rings.sort().map((name) => join(swiftDir, name)));
}

/** MD5 by path; null for a file that cannot be read. */
async function sumsOf(paths: readonly string[]): Promise<Record<string, string | null>> {
  const sums: Record<string, string | null> = {};
  for (const path of paths) {
    const hash = createHash('md5');
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
      sums[path] = hash.digest('hex');
    } catch {
      sums[path] = null;
    }
  }
  return sums;
}

function answer(status: number, type: string, text: string): SwiftResponse {
  const body = Buffer.from(text, 'utf8');
  return new SwiftResponse(status, { 'content-type': type, 'content-length': body.length }, body);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const checks = checksOf(readConf(confSpec, globalConf, localConf), host);
  return (app: Handler): Handler =>
    async (req) => {
      if (!req.path.startsWith('/recon/')) return app(req);
      const check = findCheck(checks, req.path.slice('/recon/'.length));
      if (check === undefined) return answer(404, 'text/plain', `Invalid path: ${quote(req.path)}`);
      try {
        return answer(200, 'application/json', pythonJson(await check()));
      } catch (error) {
        req.log.error(`recon: ${req.path}`, error);
        return answer(500, 'text/plain', 'Internal server error.');
      }
    };
};
