/** What the kernel tells: load, memory, sockets and mounts, from /proc. */

import { readFile } from 'node:fs/promises';

export interface Mount {
  device: string;
  path: string;
}

/** Name and text of each line of /proc/meminfo. */
export async function memory(): Promise<Record<string, string>> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const pairs = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':') as [string, string]);
  return Object.fromEntries(pairs.map(([name, value]) => [name, value.trim()]));
}

export async function load(): Promise<Record<string, unknown>> {
  const [one, five, fifteen, tasks, processes] = (await readFile('/proc/loadavg', 'utf8')).trim().split(' ');
  return { '1m': Number(one), '5m': Number(five), '15m': Number(fifteen), tasks, processes: Number(processes) };
}

export async function mounts(): Promise<Mount[]> {
  const text = await readFile('/proc/mounts', 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [device = '', path = ''] = line.split(' ');
      return { device, path };
    });
}

const PAGE_BYTES = 4096;

/** TCP sockets of both families. */
export async function sockets(): Promise<Record<string, number>> {
  const info: Record<string, number> = {};
  const ipv4 = fieldsOf(await readFile('/proc/net/sockstat', 'utf8'), 'TCP:');
  info['tcp_in_use'] = ipv4.get('inuse') ?? 0;
  info['orphan'] = ipv4.get('orphan') ?? 0;
  info['time_wait'] = ipv4.get('tw') ?? 0;
  info['tcp_mem_allocated_bytes'] = (ipv4.get('mem') ?? 0) * PAGE_BYTES;
  const ipv6 = await readFile('/proc/net/sockstat6', 'utf8').catch(() => '');
  if (ipv6 !== '') info['tcp6_in_use'] = fieldsOf(ipv6, 'TCP6:').get('inuse') ?? 0;
  return info;
}

/** Names and numbers of the line that begins with `label`. */
function fieldsOf(text: string, label: string): Map<string, number> {
  const line = text.split('\n').find((each) => each.startsWith(label)) ?? '';
  const words = line.slice(label.length).trim().split(/\s+/);
  const fields = new Map<string, number>();
  for (let at = 0; at + 1 < words.length; at += 2) fields.set(words[at] as string, Number(words[at + 1]));
  return fields;
}
