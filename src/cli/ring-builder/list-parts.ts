import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { padLeft } from '../python-text.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command, type Session } from './command.ts';
import { describesDevice, parseDeviceOptions } from './device-options.ts';
import { devicesOf, NOTHING_MATCHED } from './search-devices.ts';
import { SEARCH_OPTIONS, usageEnd } from './usage.ts';

export const listParts: Command = {
  kind: 'with builder',
  usage: ['<search-value> [<search-value> ...]', `\n    ${SEARCH_OPTIONS}`],
  about: `Lists the partitions on the devices that match: the partition, and how many of
these devices hold a replica of it, those with the most first.`,
  leastWords: 1,
  searches: true,
  async run(session, builder) {
    endUnlessRebalanced(session, builder);
    const options = parseDeviceOptions(session.words);
    if (options.words.length > 0 && describesDevice(options)) throw usageEnd('list_parts', listParts);
    const ids = new Set(devicesOf(builder, options).map(({ id }) => id));
    const counts = countPartitions(builder, ids);
    if (counts.size === 0) throw new CommandEnd(FAILURE, NOTHING_MATCHED);
    const rows = [...counts].sort(([, a], [, b]) => b - a);
    const lines = rows.map(([partition, count]) => `${padLeft(partition, 9)}   ${padLeft(count, 7)}`);
    session.terminal.print(['Partition   Matches', ...lines].join('\n'));
    return SUCCESS;
  },
};

export function endUnlessRebalanced({ builderFile }: Session, builder: RingBuilder): void {
  if (builder.everRebalanced) return;
  throw new CommandEnd(
    FAILURE,
    `Specified builder file "${builderFile}" is not rebalanced yet. Please rebalance first.`,
  );
}

/** Replicas on the devices by partition, in the order in which a walk along the ring's rows meets them. */
function countPartitions(builder: RingBuilder, ids: ReadonlySet<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const row of builder.ringData().rows) {
    row.forEach((id: number, partition: number) => {
      if (ids.has(id)) counts.set(partition, (counts.get(partition) ?? 0) + 1);
    });
  }
  return counts;
}
