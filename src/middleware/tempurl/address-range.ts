/** Ranges of addresses in URLs: one address, or a network with its prefix length or mask. */

import { isIPv4, isIPv6 } from 'node:net';

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/**
 * True when `client` lies in `range`: `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`. False also for what is
 * no range or no address, and for a range whose address has bits set behind its prefix.
 */
export function isInAddressRange(client: string, range: string): boolean {
  const [base = '', prefix, ...more] = range.split('/');
  const network = parseAddress(base);
  const address = parseAddress(client);
  if (network === undefined || address === undefined || address.bits !== network.bits || more.length > 0) return false;
  const length = prefix === undefined ? network.bits : prefixLength(prefix, network.bits);
  if (length === undefined) return false;
  const hostBits = BigInt(network.bits - length);
  const isStrict = (network.value >> hostBits) << hostBits === network.value;
  return isStrict && address.value >> hostBits === network.value >> hostBits;
}

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: numberOf(text.split('.').map(Number), 8n) };
  // A zone says which link, not which address.
  return isIPv6(text) ? { bits: 128, value: numberOf(groupsOf(text.replace(/%.*$/, '')), 16n) } : undefined;
}

function numberOf(parts: readonly number[], bitsEach: bigint): bigint {
  return parts.reduce((value, part) => (value << bitsEach) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address. */
function groupsOf(text: string): number[] {
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Of a prefix length, or for IPv4 of a mask of the network's or of the host's bits. */
function prefixLength(text: string, bits: 32 | 128): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= bits ? Number(text) : undefined;
  if (bits === 128 || !isIPv4(text)) return undefined;
  const mask = numberOf(text.split('.').map(Number), 8n).toString(2).padStart(32, '0');
  const ones = /^1*0*$/.test(mask) ? mask.indexOf('0') : mask.indexOf('1');
  if (!/^(1*0*|0*1*)$/.test(mask)) return undefined;
  return ones < 0 ? 32 : ones;
}
