import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import type { Terminal } from '../terminal.ts';

export type ExitCode = 0 | 1 | 2;
export const SUCCESS = 0;
export const WARNING = 1;
export const FAILURE = 2;

/** What one run of swift-ring-builder deals with. */
export interface Session {
  readonly terminal: Terminal;
  /** As given: also what messages show. */
  readonly builderFile: string;
  readonly ringFile: string;
  /** Behind the command's name. */
  readonly words: readonly string[];
  /** Unix time in seconds. */
  readonly nowSec: () => number;
}

interface CommandBase {
  /** What stands behind `swift-ring-builder <builder_file>`, one for each form of the command. */
  readonly usage: readonly string[];
  /** What it does, in lines. */
  readonly about: string;
  /** Fewer words than this get the usage. */
  readonly leastWords: number;
  /** Whether the usage tells search values too. */
  readonly searches?: boolean;
}

/** A command of swift-ring-builder. Throws CommandEnd and ValueFault for what it refuses; nothing is written then. */
export type Command = CommandBase &
  (
    | { readonly kind: 'with builder'; run(session: Session, builder: RingBuilder): Promise<ExitCode> }
    /** Does without, whether there is one or not. */
    | { readonly kind: 'without builder'; run(session: Session): Promise<ExitCode> }
  );
