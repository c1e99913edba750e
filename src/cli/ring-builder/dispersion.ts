import type { TierDispersion } from '../../ring/builder/dispersion.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { parseOptions, type OptionSyntax } from '../option-parser.ts';
import { fixed, padLeft, padRight } from '../python-text.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { FAILURE, SUCCESS, WARNING, type Command } from './command.ts';
import { endUnlessRebalanced } from './list-parts.ts';

const SYNTAX: OptionSyntax = {
  program: 'swift-ring-builder',
  usage: `swift-ring-builder <builder_file> dispersion [<search_filter>] [options]
    Reports how far apart replicas stand.`,
  options: [
    { name: 'recalculate', kind: 'flag', doc: 'count anew and save the builder' },
    { name: 'verbose', letter: 'v', kind: 'flag', doc: 'show the tiers one by one' },
  ],
};

export const dispersion: Command = {
  kind: 'with builder',
  usage: ['[<search_filter>] [--recalculate] [--verbose]'],
  about: `Reports how far apart replicas stand; with --verbose, tier by tier:

    Tier   name of the region, zone, server or device
    Parts  replicas that stand there
    %      share of them above the most that should stand together there
    Max    that most, for one partition
    0 - N  partitions with so many replicas there

<search_filter> is a regular expression that the tier's name must match from its
beginning on: "r\\d+z\\d+$" for zones, ".*\\-[^/]*$" for servers. --recalculate
counts anew and saves the builder.`,
  leastWords: 0,
  async run(session, builder) {
    endUnlessRebalanced(session, builder);
    const options = parseOptions(SYNTAX, session.words);
    const filter = options.words[0];
    const version = builder.version;
    const report = builder.dispersionReport({
      ...(filter === undefined || filter === '' ? {} : { filter: readFilter(filter) }),
      recalculate: options.has('recalculate'),
    });
    if (builder.version !== version) await builder.save(session.builderFile);
    const { terminal } = session;
    terminal.print(
      `Dispersion is ${fixed(builder.dispersion ?? 0, 6)}, Balance is ${fixed(builder.balance(), 6)}, ` +
        `Overload is ${fixed(builder.overload * 100)}%`,
    );
    terminal.print(`Required overload is ${fixed(builder.requiredOverload() * 100, 6)}%`);
    if (report.worstTier !== null) {
      terminal.print(`Worst tier is ${fixed(report.maxDispersion, 6)} (${report.worstTier})`);
    }
    if (options.has('verbose') && report.tiers.length > 0) showTiers(terminal, builder, report.tiers);
    return report.worstTier === null ? SUCCESS : WARNING;
  },
};

function readFilter(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new CommandEnd(FAILURE, (error as Error).message, 'errors');
  }
}

function showTiers(terminal: Terminal, builder: RingBuilder, tiers: readonly TierDispersion[]): void {
  const nameWidth = Math.max(30, ...tiers.map(({ name }) => name.length));
  const countWidth = Math.max(5, String(builder.parts).length);
  const line = (
    name: string,
    parts: string | number,
    share: string,
    most: string | number,
    counts: Iterable<number>,
  ): string =>
    [
      padRight(name, nameWidth),
      padLeft(parts, countWidth),
      padLeft(share, 6),
      padLeft(most, 6),
      ...Array.from(counts, (count) => padLeft(count, countWidth)),
    ].join(' ');
  const headings = line('Tier', 'Parts', '%', 'Max', Array(Math.ceil(builder.replicas + 1)).keys());
  const rule = '-'.repeat(headings.length);
  terminal.print([rule, headings, rule].join('\n'));
  for (const { name, placedParts, dispersion: share, maxReplicas, replicas } of tiers) {
    terminal.print(line(name, placedParts, fixed(share), maxReplicas, replicas));
  }
}
