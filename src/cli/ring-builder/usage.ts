import type { Command } from './command.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE } from './command.ts';

export const DEVICE_STRING = '[r<region>]z<zone>-<ip>:<port>[R<r_ip>:<r_port>]/<device_name>_<meta>';

export const SEARCH_OPTIONS = `--region <region> --zone <zone> --ip <ip or hostname> --port <port>
    --replication-ip <r_ip or r_hostname> --replication-port <r_port>
    --device <device_name> --meta <meta> --weight <weight>`;

export const ASKS = 'Asks when more than one device matches; --yes answers for you.';
export const AFTER_REBALANCE = `Partitions move at the next 'rebalance', so that several changes can share
one.`;
export const AFTER_WRITE_RING = `Servers learn of it from the ring that the next
'write_ring' writes.`;
export const POWER_CAUTION = `Take great care: a changed partition power with a step left out makes data
unreachable for clients.`;

const SEARCH_VALUES = `A <search-value> is made of these parts, in this order, each of them optional:

    d<device_id>r<region>z<zone>-<ip>:<port>R<r_ip>:<r_port>/<device_name>_<meta>

<r_ip> and <r_port> are those for replication. The dash is needed only between
an address and what stands before it. IPv6 addresses stand in brackets. <meta>
matches when the device's text contains it, all else when it is equal.

    d12                 the device with id 12
    r2z3                devices of zone 3 in region 2
    10.0.0.5            devices of the server 10.0.0.5
    z3-10.0.0.5:6200    those in zone 3 on port 6200
    [fd00::5]:6200      devices at an IPv6 address
    :6200               devices on any server's port 6200
    R10.1.0.5, R:6400   by their replication address or port
    /sdb1               devices named sdb1
    _"rack 7"           devices with "rack 7" in their text`;

/** Of one command, its name in front. */
export function usageOf(name: string, command: Command): string {
  const forms = command.usage.map((form) => {
    const gap = form === '' || form.startsWith('\n') ? '' : ' ';
    return `swift-ring-builder <builder_file> ${name}${gap}${form}`;
  });
  const about = command.about.split('\n').map((line) => (line === '' ? '' : `    ${line}`));
  return [forms.join('\n\nor\n\n'), ...about].join('\n');
}

/** The usage as a command's refusal, with a fault behind it when there is one to name. */
export function usageEnd(name: string, command: Command, fault?: string): CommandEnd {
  const search = command.searches === true ? `\n\n${SEARCH_VALUES}` : '';
  return new CommandEnd(FAILURE, `${usageOf(name, command)}${search}${fault === undefined ? '' : `\n${fault}`}`);
}

/** What the command shows without arguments. */
export function fullUsage(commands: ReadonlyMap<string, Command>, version: string): string {
  const names = [...commands.keys()].sort();
  return [
    `swift-ring-builder ${version}`,
    `swift-ring-builder <builder_file>\n    Shows the ring and a table of its devices. The flag DEL marks a device that the\n    next rebalance takes out.`,
    ...names.map((name) => usageOf(name, commands.get(name) as Command)),
    SEARCH_VALUES,
    `${quickList(names)}\nExit codes: 0 = operation successful\n            1 = operation completed with warnings\n            2 = error`,
  ].join('\n\n');
}

function quickList(names: readonly string[]): string {
  const lines = ['Quick list:'];
  for (const name of names) {
    const last = lines.length - 1;
    if (`${lines[last]} ${name}`.length <= 79) lines[last] += ` ${name}`;
    else lines.push(`            ${name}`);
  }
  return lines.join('\n');
}
