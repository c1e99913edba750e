/** Domains under which clients reach the cluster (option `storage_domain`), and the Host header that tells which one they used. */

import { isIP } from 'node:net';

export interface HostPort {
  readonly host: string;
  /** undefined when the header has none. */
  readonly port: string | undefined;
}

/** Splits a Host header; an IPv6 address keeps its brackets. */
export function splitHostHeader(header: string): HostPort {
  const colon = header.lastIndexOf(':');
  if (colon < header.lastIndexOf(']') || colon < 0) return { host: header, port: undefined };
  return { host: header.slice(0, colon), port: header.slice(colon + 1) };
}

/** True for an IPv4 address, and for an IPv6 address in brackets or without. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0 || isIP(/^\[(.*)\]$/.exec(host)?.[1] ?? '') === 6;
}

/** Suffixes of hosts under these domains, each with a dot in front; those that were written without it come first. */
export function domainSuffixes(domains: readonly string[]): readonly string[] {
  const dotted = domains.filter((domain) => domain.startsWith('.'));
  return [...domains.filter((domain) => !domain.startsWith('.')).map((domain) => `.${domain}`), ...dotted];
}
