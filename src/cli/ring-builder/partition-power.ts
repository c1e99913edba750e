/** The four steps by which the partition power of an object ring is raised. */

import { basename } from 'node:path';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';
import { AFTER_WRITE_RING, POWER_CAUTION } from './usage.ts';

interface Step {
  readonly about: string;
  /** False when the builder is not where this step can be taken. */
  act(builder: RingBuilder): boolean;
  readonly refusal: string;
  told(builder: RingBuilder): string;
  /** Steps that come later follow a prepared ring, which can only be an object ring. */
  readonly objectRingsOnly?: boolean;
}

const IN_EFFECT = 'The change will take effect after the next write_ring.';

export const prepareIncrease: Command = step({
  about: `First step: announces one more bit of partition power.
${AFTER_WRITE_RING}
Once all servers have it, run swift-object-relinker to link the data.`,
  objectRingsOnly: true,
  act: (builder) => builder.prepareIncreasePartitionPower(),
  refusal: 'Ring is already prepared for partition power increase.',
  told: (builder) => `The next partition power is now ${builder.nextPartPower}.
${IN_EFFECT}
Ensure your proxy-servers, object-replicators and 
reconstructors are using the changed rings and relink 
(using swift-object-relinker) your existing data
before the partition power increase`,
});

export const increase: Command = step({
  about: `Second step, once all data is linked: doubles the partitions.
${AFTER_WRITE_RING}
Once all servers have it, run swift-object-relinker to clean up.`,
  act: (builder) => builder.increasePartitionPower(),
  refusal: `Ring partition power cannot be increased. Either the ring
was not prepared yet, or this operation has already run.`,
  told: (builder) => `The partition power is now ${builder.partPower}.\n${IN_EFFECT}`,
});

export const cancelIncrease: Command = step({
  about: `Gives up an increase that was prepared but not carried out.
${AFTER_WRITE_RING}
Once all servers have it, run swift-object-relinker to remove the links.`,
  act: (builder) => builder.cancelIncreasePartitionPower(),
  refusal: 'Ring partition power increase cannot be canceled.',
  told: (builder) => `The next partition power is now ${builder.nextPartPower}.
${IN_EFFECT}
Ensure your object-servers are using the changed rings and
cleanup (using swift-object-relinker) the hard links`,
});

export const finishIncrease: Command = step({
  about: `Last step, once the old links are cleaned up: the increase is over.
${AFTER_WRITE_RING}`,
  act: (builder) => builder.finishIncreasePartitionPower(),
  refusal: 'Ring partition power increase cannot be finished.',
  told: () => IN_EFFECT,
});

function step({ about, act, refusal, told, objectRingsOnly }: Step): Command {
  return {
    kind: 'with builder',
    usage: [''],
    about: `${about}\n${POWER_CAUTION}`,
    leastWords: 0,
    async run({ builderFile, terminal }, builder) {
      if (objectRingsOnly === true && !basename(builderFile).includes('object')) {
        throw new CommandEnd(FAILURE, 'Partition power increase is only supported for object rings.');
      }
      if (!act(builder)) throw new CommandEnd(FAILURE, refusal);
      await builder.save(builderFile);
      terminal.print(told(builder));
      return SUCCESS;
    },
  };
}
