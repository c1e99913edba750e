import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { ValueFault } from '../python-text.ts';

/** An IP address in the one spelling that rings use: IPv6 in lower case, its longest run of zeros as `::`. Throws ValueFault. */
export function normalizedIp(text: string): string {
  const ip = text.toLowerCase();
  if (isIPv4(ip)) return ip;
  // A scope (fe80::1%eth0) means something on one machine alone.
  if (isIPv6(ip) && !ip.includes('%')) return new SocketAddress({ address: ip, family: 'ipv6' }).address;
  throw new ValueFault(`Invalid ip ${text}`);
}

/** An IP address, IPv6 in brackets or not, or a host name in lower case. Throws ValueFault. */
export function normalizedAddress(text: string): string {
  const inBrackets = /^\[(.*)\]$/s.exec(text)?.[1];
  if (inBrackets !== undefined) return normalizedIp(inBrackets);
  const address = text.replace(/^\[+|\]+$/g, '').toLowerCase();
  if (isIPv4(address) || isIPv6(address)) return normalizedIp(address);
  if (isHostname(address)) return address;
  throw new ValueFault(`Invalid address ${text}`);
}

const LABEL = /^(?!-)[a-z\d-]{1,63}(?<!-)$/;

/** Labels as RFC 1123 has them, one dot at the end allowed. */
function isHostname(name: string): boolean {
  if (name.length < 1 || name.length > 255) return false;
  return name
    .replace(/\.$/, '')
    .split('.')
    .every((label) => LABEL.test(label));
}

/** For output: IPv6 in brackets. */
export function bracketed(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
