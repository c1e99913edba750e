/** X-Container-Sync-To: where a container may be mirrored to. Texts are Swift's. */

import { readFileSync, statSync } from 'node:fs';
import type { Logger } from '../common/host.ts';
import { parseIni } from '../common/ini-dialect.ts';
import { nativeFromWire } from '../common/text.ts';

export interface SyncToRules {
  /** Hosts of `allowed_sync_hosts`. */
  readonly allowedHosts: readonly string[];
  readonly realms: SyncRealms;
}

/** `container-sync-realms.conf`, read again when it changes. A file that is missing or broken has no realms. */
export class SyncRealms {
  readonly #path: string;
  readonly #log: Logger;
  #modified = -1;
  #realms: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map();

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  hasKey(realm: string): boolean {
    this.#refresh();
    return (this.#realms.get(realm)?.get('key') ?? '') !== '';
  }

  hasCluster(realm: string, cluster: string): boolean {
    this.#refresh();
    return (this.#realms.get(realm)?.get(`cluster_${cluster.toLowerCase()}`) ?? '') !== '';
  }

  #refresh(): void {
    const modified = statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
    if (modified === this.#modified) return;
    this.#modified = modified;
    this.#realms = modified < 0 ? new Map() : this.#read();
  }

  #read(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    const realms = new Map<string, ReadonlyMap<string, string>>();
    try {
      const file = parseIni(readFileSync(this.#path, 'utf8'), this.#path, { lowerCaseKeys: true });
      for (const [name, section] of file.sections) {
        realms.set(name.toUpperCase(), new Map([...section.options].map(([key, option]) => [key, option.value])));
      }
    } catch (error) {
      this.#log.error(`Could not load '${this.#path}'`, error);
    }
    return realms;
  }
}

/** What is wrong with a value of X-Container-Sync-To (wire text), or undefined. */
export function syncToFault(value: string, rules: SyncToRules): string | undefined {
  const target = nativeFromWire(value).replace(/\/+$/, '');
  if (target === '') return undefined;
  return target.startsWith('//') ? realmFault(target, rules.realms) : addressFault(target, rules.allowedHosts);
}

function realmFault(target: string, realms: SyncRealms): string | undefined {
  const parts = target.slice(2).split('/');
  if (parts.length !== 4 || parts.includes('')) return `Invalid X-Container-Sync-To format '${target}'`;
  const [realm, cluster] = parts.map((part) => part.toUpperCase()) as [string, string];
  if (!realms.hasKey(realm)) return `No realm key for '${parts[0]}'`;
  return realms.hasCluster(realm, cluster) ? undefined : `No cluster endpoint for '${parts[0]}' '${parts[1]}'`;
}

const ADDRESS = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

function addressFault(target: string, allowedHosts: readonly string[]): string | undefined {
  const [, scheme = '', authority = '', path = '', rest = ''] = ADDRESS.exec(target) ?? [];
  const lower = scheme.toLowerCase();
  if (lower !== 'http' && lower !== 'https') {
    return `Invalid scheme '${lower}' in X-Container-Sync-To, must be "//", "http", or "https".`;
  }
  if (path === '') return 'Path required in X-Container-Sync-To';
  const lastSegment = path.slice(path.lastIndexOf('/') + 1);
  if (rest.length > 1 || lastSegment.includes(';')) {
    return 'Params, queries, and fragments not allowed in X-Container-Sync-To';
  }
  const host = authority
    .replace(/^.*@/s, '')
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (allowedHosts.includes(host)) return undefined;
  return `Invalid host ${host === '' ? 'None' : `'${host}'`} in X-Container-Sync-To`;
}
