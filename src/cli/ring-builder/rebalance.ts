import { WORST_BALANCE } from '../../ring/builder/balance.ts';
import { BuilderError } from '../../ring/builder/builder-error.ts';
import type { RebalanceResult, RingBuilder } from '../../ring/builder/ring-builder.ts';
import { parseOptions, type OptionSyntax } from '../option-parser.ts';
import { durationText, fixed } from '../python-text.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { writeRingAndBuilder } from './backups.ts';
import { FAILURE, SUCCESS, WARNING, type Command, type ExitCode, type Session } from './command.ts';
import { ProgressLine } from './progress-line.ts';
import { FORMAT_VERSION_OPTION, ringFormatOf } from './format-version.ts';

const RULE = '-'.repeat(79);

const SYNTAX: OptionSyntax = {
  program: 'swift-ring-builder',
  usage: `swift-ring-builder <builder_file> rebalance [options]
    Assigns partitions anew where weights and devices ask for it.`,
  options: [
    { name: 'force', letter: 'f', kind: 'flag', doc: 'save even when less than 1% changed' },
    { name: 'seed', letter: 's', kind: 'text', doc: 'equal seeds place equally' },
    { name: 'debug', letter: 'd', kind: 'flag', doc: 'tell what is being done' },
    FORMAT_VERSION_OPTION,
  ],
};

export const rebalance: Command = {
  kind: 'with builder',
  usage: ['[--force] [--seed <seed>] [--debug] [--format-version <1 or 2>]'],
  about: `Assigns partitions anew where weights and devices ask for it, but for those that
moved short ago, and writes builder and ring. Less than 1% of change is not
worth a new ring and is saved only with --force.`,
  leastWords: 0,
  async run(session, builder) {
    const { terminal } = session;
    const options = parseOptions(SYNTAX, session.words);
    const isForced = options.has('force');
    const format = ringFormatOf(options);
    if (builder.nextPartPower !== null) {
      throw new CommandEnd(
        FAILURE,
        'Partition power increase in progress.\nYou need to finish the increase first before rebalancing.',
      );
    }
    const before = stateOf(builder);
    const result = place(session, builder, {
      seed: options.text('seed') || options.words[0],
      isDebug: options.has('debug'),
    });
    if (result.movedParts === 0 && result.removedDevices === 0 && !isForced) {
      terminal.print(nothingMoved(builder, before.secondsLeft));
      return WARNING;
    }
    if (!isForced && !isWorthSaving(before, builder, result)) {
      terminal.print('Cowardly refusing to save rebalance as it did not change at least 1%.');
      return WARNING;
    }
    endingOnFaults(() => builder.validate());
    const status = tell(terminal, builder, result);
    await writeRingAndBuilder(session, builder, format);
    return status;
  },
};

interface StateBefore {
  readonly devicesChanged: boolean;
  readonly secondsLeft: number;
  readonly balance: number;
  readonly dispersion: number | null;
}

function stateOf(builder: RingBuilder): StateBefore {
  const { devicesChanged, minPartSecondsLeft: secondsLeft, dispersion } = builder;
  return { devicesChanged, secondsLeft, dispersion, balance: endingOnFaults(() => builder.balance()) };
}

function place(
  { terminal }: Session,
  builder: RingBuilder,
  { seed, isDebug }: { seed: string | undefined; isDebug: boolean },
): RebalanceResult {
  const line = new ProgressLine(terminal, { isDebug });
  try {
    return endingOnFaults(() =>
      builder.rebalance({ ...(seed === undefined ? {} : { seed }), onProgress: (progress) => line.show(progress) }),
    );
  } finally {
    line.end();
  }
}

/** Faults of the ring end the command; nothing has been written then. */
function endingOnFaults<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof BuilderError)) throw error;
    throw new CommandEnd(
      FAILURE,
      `${RULE}
An error has occurred during ring validation. Common
causes of failure are rings that are empty or do not
have enough devices to accommodate the replica count.
Original exception message:
 ${error.message}
${RULE}`,
    );
  }
}

function nothingMoved(builder: RingBuilder, secondsLeft: number): string {
  const reason =
    secondsLeft > 0
      ? `The time between rebalances must be at least min_part_hours: ${builder.minPartHours} hours ` +
        `(${durationText(builder.minPartSecondsLeft)} remaining)`
      : 'There is no need to do so at this time';
  return `No partitions could be reassigned.\n${reason}`;
}

/** A change of devices is always worth it; else balance or dispersion must have changed by 1 %, or a device be still draining. */
function isWorthSaving(before: StateBefore, builder: RingBuilder, { balance }: RebalanceResult): boolean {
  if (before.devicesChanged || before.dispersion === null) return true;
  if (before.balance === WORST_BALANCE && balance === WORST_BALANCE) return true;
  return Math.abs(before.balance - balance) >= 1 || Math.abs(before.dispersion - (builder.dispersion ?? 0)) >= 1;
}

function tell(terminal: Terminal, builder: RingBuilder, { movedParts, balance }: RebalanceResult): ExitCode {
  const dispersion = builder.dispersion ?? 0;
  terminal.print(
    `Reassigned ${movedParts} (${fixed((100 * movedParts) / builder.parts)}%) partitions. ` +
      `Balance is now ${fixed(balance)}.  Dispersion is now ${fixed(dispersion)}`,
  );
  if (dispersion > 0) {
    terminal.print(`${RULE}
NOTE: Dispersion of ${fixed(dispersion, 6)} indicates some parts are not
      optimally dispersed.

      You may want to adjust some device weights, increase
      the overload or review the dispersion report.
${RULE}`);
    return WARNING;
  }
  if (balance > 5 && balance / 100 > builder.overload) {
    terminal.print(`${RULE}
NOTE: Balance of ${fixed(balance)} indicates you should push this 
      ring, wait at least ${builder.minPartHours} hours, and rebalance/repush.
${RULE}`);
    return WARNING;
  }
  return SUCCESS;
}
