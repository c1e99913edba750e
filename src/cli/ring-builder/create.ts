import { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { readFloat } from '../python-text.ts';
import { backupPath } from './backups.ts';
import { SUCCESS, type Command } from './command.ts';
import { integerOrEnd, orEnd } from './set-ring.ts';

export const create: Command = {
  kind: 'without builder',
  usage: ['<part_power> <replicas> <min_part_hours>'],
  about: `Makes a builder of 2^<part_power> partitions with <replicas> each. Once it has
moved, a partition stays where it is for <min_part_hours> hours.`,
  leastWords: 3,
  async run({ builderFile, words: [partPower = '', replicas = '', hours = ''], nowSec }) {
    const builder = RingBuilder.create(
      integerOrEnd(partPower),
      orEnd(() => readFloat(replicas)),
      integerOrEnd(hours),
      { nowSec },
    );
    await builder.save(await backupPath(builderFile, builderFile, nowSec()));
    await builder.save(builderFile);
    return SUCCESS;
  },
};
