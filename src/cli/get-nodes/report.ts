import { isIPv6 } from 'node:net';
import { storageDirectory } from '../../common/hash-path.ts';
import type { RingNode } from '../../common/host.ts';
import { quote } from '../../common/text.ts';

export interface Location {
  /** `account[/container[/object]]`, native; `None` when only a partition was asked for, as Swift has it. */
  readonly path: string;
  readonly partition: number;
  /** Undefined when the partition was given rather than found. */
  readonly hash: string | undefined;
  readonly primaries: readonly RingNode[];
  readonly handoffs: readonly RingNode[];
  /** Folder of a device in which it is stored, such as `objects-1`. */
  readonly dataDir: string;
  /** Goes into the requests to look for it, unless undefined. */
  readonly policyIndex: number | undefined;
}

/** Where something is stored, and the commands that look for it there. */
export function locationReport(location: Location): string {
  const { partition, hash, primaries, handoffs } = location;
  const forEach = (line: (node: RingNode) => string, handoffMark: string): string =>
    [...primaries.map(line), ...handoffs.map((node) => line(node) + handoffMark)].map((text) => `${text}\n`).join('');
  const servers = forEach(({ ip, port, device }) => `Server:Port Device\t${ip}:${port} ${device}`, '\t [Handoff]');
  const requests = forEach((node) => requestLine(location, node), ' # [Handoff]');
  const listings = forEach((node) => listingLine(location, node), ' # [Handoff]');
  return `Partition\t${partition}
Hash     \t${hash ?? 'None'}

${servers}

${requests}

Use your own device location of servers:
such as "export DEVICE=/srv/node"
${listings}
note: \`/srv/node*\` is used as default value of \`devices\`, the real value is set in the config file on each storage node.`;
}

function requestLine({ path, partition, policyIndex }: Location, { ip, port, device }: RingNode): string {
  const url = `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/${device}/${partition}/${quote(path)}`;
  const policy = policyIndex === undefined ? '' : ` -H "X-Backend-Storage-Policy-Index: ${policyIndex}"`;
  return `curl -g -I -XHEAD "${url}"${policy} --path-as-is`;
}

function listingLine({ dataDir, partition, hash }: Location, { ip, device }: RingNode): string {
  const folder = hash === undefined ? `${dataDir}/${partition}` : storageDirectory(dataDir, partition, hash);
  return `ssh ${ip} "ls -lah \${DEVICE:-/srv/node*}/${device}/${folder}"`;
}
