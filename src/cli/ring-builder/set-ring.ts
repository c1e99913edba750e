/** Commands that set one figure of the whole ring. */

import { fixed, quoted, readFloat, readInteger, ValueFault } from '../python-text.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, WARNING, type Command } from './command.ts';
import { usageEnd } from './usage.ts';

export const setMinPartHours: Command = {
  kind: 'with builder',
  usage: ['<hours>'],
  about: `Sets how many hours a partition stays where it is once it has moved: as long as
replication takes to go once through the whole cluster.`,
  leastWords: 1,
  async run({ terminal, words: [hours = ''], builderFile }, builder) {
    builder.setMinPartHours(integerOrEnd(hours));
    terminal.print(`The minimum number of hours before a partition can be reassigned is now set to ${hours}`);
    await builder.save(builderFile);
    return SUCCESS;
  },
};

/** An argument that must be an integer; the fault goes to standard error. */
export function integerOrEnd(text: string): number {
  return orEnd(() => readInteger(text));
}

/** What `read` gives; a ValueFault of it ends the command, told on standard error. */
export function orEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ValueFault) throw new CommandEnd(FAILURE, error.message, 'errors');
    throw error;
  }
}

export const pretendMinPartHoursPassed: Command = {
  kind: 'with builder',
  usage: [''],
  about: `Lets the next rebalance move any partition, however short ago it moved.

USE WITH GREAT CARE: when rings are deployed before replication has put the
partitions that moved last in their places, clients may not find their data.`,
  leastWords: 0,
  async run({ builderFile }, builder) {
    builder.pretendMinPartHoursPassed();
    await builder.save(builderFile);
    return SUCCESS;
  },
};

export const setReplicas: Command = {
  kind: 'with builder',
  usage: ['<replicas>'],
  about: `Sets how many replicas partitions have. With a fraction, such as 2.5, part of
them have one more than the others. A rebalance brings it about.`,
  leastWords: 1,
  async run({ terminal, words: [text = ''], builderFile }, builder) {
    const replicas = numberOrUsage('set_replicas', setReplicas, text, `"${text}"`);
    if (replicas < 1) throw new CommandEnd(FAILURE, 'Replica count must be at least 1.');
    builder.setReplicas(replicas);
    terminal.print(`The replica count is now ${fixed(builder.replicas, 6)}.`);
    terminal.print('The change will take effect after the next rebalance.');
    await builder.save(builderFile);
    return SUCCESS;
  },
};

export const setOverload: Command = {
  kind: 'with builder',
  usage: ['<overload>[%]'],
  about: `Sets how much more than its weight's share a device may take where that sets
replicas further apart: 0.1 and 10% are the same. A rebalance brings it about.`,
  leastWords: 1,
  async run({ terminal, words: [text = ''], builderFile }, builder) {
    const isPercentage = text.endsWith('%');
    const figure = text.replace(/%+$/, '');
    const given = numberOrUsage('set_overload', setOverload, figure, quoted(figure));
    const overload = isPercentage ? given * 0.01 : given;
    if (overload < 0) throw new CommandEnd(FAILURE, 'Overload must be non-negative.');
    // Who writes 10 for 10 % gets a ring that ignores weights.
    const isSuspect = overload > 1 && !isPercentage;
    if (isSuspect) terminal.print('!?! Warning overload is greater than 100% !?!');
    builder.setOverload(overload);
    terminal.print(`The overload factor is now ${fixed(overload * 100)}% (${fixed(overload, 6)})`);
    terminal.print('The change will take effect after the next rebalance.');
    await builder.save(builderFile);
    return isSuspect ? WARNING : SUCCESS;
  },
};

function numberOrUsage(name: string, command: Command, text: string, shown: string): number {
  try {
    return readFloat(text);
  } catch (error) {
    if (error instanceof ValueFault) throw usageEnd(name, command, `${shown} is not a valid number.`);
    throw error;
  }
}
