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

const NO_TYPE = '';
type Check = () => Promise<unknown>;
/** Checks by name, then by type; NO_TYPE for a bare check. */
type Checks = ReadonlyMap<string, Readonly<Record<string, Check>>>;

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
  return new Map<string, Readonly<Record<string, Check>>>([
    ['mem', { [NO_TYPE]: memory }],
    ['load', { [NO_TYPE]: load }],
    ['sockstat', { [NO_TYPE]: sockets }],
    ['mounted', { [NO_TYPE]: mounts }],
    ['time', { [NO_TYPE]: () => Promise.resolve(host.now()) }],
    ['version', { [NO_TYPE]: () => Promise.resolve({ version: SWIFT_VERSION }) }],
    ['devices', { [NO_TYPE]: async () => ({ [devices]: await deviceNames(devices) }) }],
    ['unmounted', { [NO_TYPE]: () => unmountedDevices(devices) }],
    ['diskusage', { [NO_TYPE]: () => deviceUsage(devices) }],
    ['quarantined', { [NO_TYPE]: () => quarantined(devices, host.policies) }],
    ['ringmd5', { [NO_TYPE]: () => ringSums(swiftDir) }],
    ['swiftconfmd5', { [NO_TYPE]: () => sumsOf([join(swiftDir, 'swift.conf')]) }],
    ['async', { [NO_TYPE]: cached('object', ['async_pending', 'async_pending_last']) }],
    ['driveaudit', { [NO_TYPE]: cached('drive', ['drive_audit_errors']) }],
    ['relinker', { [NO_TYPE]: cached('relinker', ['devices', 'workers']) }],
    ['sharding', { [NO_TYPE]: cached('container', ['sharding_stats', 'sharding_time', 'sharding_last']) }],
    [
      'replication',
      {
        [NO_TYPE]: cached('object', OBJECT_REPLICATION),
        account: cached('account', REPLICATION),
        container: cached('container', REPLICATION),
        object: cached('object', OBJECT_REPLICATION),
      },
    ],
    [
      'updater',
      {
        container: cached('container', ['container_updater_sweep']),
        object: cached('object', ['object_updater_sweep', 'object_updater_stats', 'object_updater_last']),
      },
    ],
    [
      'auditor',
      {
        account: cached('account', audits('account')),
        container: cached('container', audits('container')),
        object: cached('object', ['object_auditor_stats_ALL', 'object_auditor_stats_ZBF']),
      },
    ],
    ['expirer', { object: cached('object', ['object_expiration_pass', 'expired_last_pass']) }],
    ['reconstruction', { object: cached('object', ['object_reconstruction_last', 'object_reconstruction_time']) }],
  ]);
}

/** A check that has no types is found whatever type is asked for, as in Swift. */
function findCheck(checks: Checks, name: string, type: string): Check | undefined {
  const byType = checks.get(name);
  if (byType === undefined) return undefined;
  if (Object.keys(byType).length === 1 && byType[NO_TYPE] !== undefined) return byType[NO_TYPE];
  return Object.hasOwn(byType, type) ? byType[type] : undefined;
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
      const [, , name = '', type = NO_TYPE] = req.path.split('/');
      const check = findCheck(checks, name, type);
      if (check === undefined) return answer(404, 'text/plain', `Invalid path: ${req.path}`);
      try {
        return answer(200, 'application/json', pythonJson(await check()));
      } catch (error) {
        req.log.error(`recon: ${req.path}`, error);
        return answer(500, 'text/plain', 'Internal server error.');
      }
    };
};
