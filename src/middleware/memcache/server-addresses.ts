/** Reads `memcache_servers`. */

interface Node {
  readonly host: string;
  readonly port: number;
}

export interface MemcachedAddress extends Node {
  readonly kind: 'memcached';
  /** As written: the hash ring is made of it. */
  readonly name: string;
}

export interface RedisAddress {
  readonly kind: 'redis' | 'cluster' | 'sentinel';
  /** Without user and password. */
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** Of the master, as the sentinels know it. */
  readonly sentinelName: string;
}

export type ServerAddress = MemcachedAddress | RedisAddress;

/** What is wrong with the option, and what was expected. */
export class AddressFault extends Error {
  override readonly name = 'AddressFault';
}

const EXPECTED =
  'expected host:port (memcached), redis://host:port/db, rediss://host:port/db, ' +
  'redis-cluster://host:port,host:port or redis-sentinel://host:port,host:port/name';
const MEMCACHED_PORT = 11211;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26379;
const SCHEMES: Readonly<Record<string, { kind: RedisAddress['kind']; isTls: boolean; port: number }>> = {
  redis: { kind: 'redis', isTls: false, port: REDIS_PORT },
  rediss: { kind: 'redis', isTls: true, port: REDIS_PORT },
  'redis-cluster': { kind: 'cluster', isTls: false, port: REDIS_PORT },
  'rediss-cluster': { kind: 'cluster', isTls: true, port: REDIS_PORT },
  'redis-sentinel': { kind: 'sentinel', isTls: false, port: SENTINEL_PORT },
  'rediss-sentinel': { kind: 'sentinel', isTls: true, port: SENTINEL_PORT },
};
const NODE = /^(\[[0-9a-fA-F:.]+\]|[^[\]:/@\s]+)(?::(\d{1,5}))?$/;
const URL = /^([a-z-]+):\/\/(?:([^@/]*)@)?([^/@?#]*)(?:\/([^?#]*))?$/;

/** The servers of an option that is not empty, all of one kind. Throws AddressFault. */
export function parseServers(text: string): ServerAddress[] {
  const servers = splitServers(text).map((each) => (each.includes('://') ? parseRedis(each) : parseMemcached(each)));
  if (servers.length === 0) throw new AddressFault(EXPECTED);
  if (new Set(servers.map(({ kind }) => kind)).size > 1) {
    throw new AddressFault(`expected servers of one kind, not ${JSON.stringify(withoutPasswords(text))}`);
  }
  return servers;
}

/** At commas, apart from those within the list of nodes of a cluster or of sentinels. */
function splitServers(text: string): string[] {
  const servers: string[] = [];
  let isOpen = false;
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue;
    if (isOpen && !part.includes('://')) servers[servers.length - 1] += `,${part}`;
    else servers.push(part);
    if (part.includes('://')) isOpen = /^rediss?-/.test(part);
    if (isOpen && part.replace('://', '').includes('/')) isOpen = false;
  }
  return servers;
}

function parseMemcached(text: string): MemcachedAddress {
  return { kind: 'memcached', name: text, ...parseNode(text, MEMCACHED_PORT) };
}

function parseRedis(text: string): RedisAddress {
  const [, scheme = '', login, hosts = '', path = ''] = URL.exec(text) ?? [];
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (known === undefined) throw fault(text);
  const { kind, isTls, port } = known;
  const nodes = hosts.split(',').map((host) => parseNode(host, port));
  if (kind === 'redis' && nodes.length > 1) throw fault(text);
  const { db, sentinelName } = parsePath(text, kind, path);
  const name = `${hosts}${path === '' ? '' : `/${path}`}`;
  return { kind, name, nodes, isTls, db, sentinelName, ...parseLogin(text, login) };
}

/** `/db` of a Redis, `/name` or `/name/db` of sentinels, nothing of a cluster. */
function parsePath(text: string, kind: RedisAddress['kind'], path: string): { db: number; sentinelName: string } {
  const parts = path === '' ? [] : path.split('/');
  const sentinelName = kind === 'sentinel' ? decode(text, parts.shift() ?? '') : '';
  const [db = '0', ...rest] = parts;
  const isFaulty = rest.length > 0 || !/^\d{1,5}$/.test(db) || (kind === 'cluster' && path !== '');
  if (isFaulty || (kind === 'sentinel' && sentinelName === '')) throw fault(text);
  return { db: Number(db), sentinelName };
}

function parseLogin(text: string, login: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (login === undefined) return { username: undefined, password: undefined };
  const colon = login.indexOf(':');
  const username = colon < 0 ? '' : decode(text, login.slice(0, colon));
  const password = decode(text, login.slice(colon + 1));
  return { username: username === '' ? undefined : username, password };
}

function parseNode(text: string, defaultPort: number): Node {
  const [, host, port = String(defaultPort)] = NODE.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65535) throw fault(text);
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function decode(text: string, encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw fault(text);
  }
}

function fault(text: string): AddressFault {
  return new AddressFault(`${EXPECTED}, not ${JSON.stringify(withoutPasswords(text))}`);
}

function withoutPasswords(text: string): string {
  return text.replace(/\/\/[^@/,]*@/g, '//…@');
}
