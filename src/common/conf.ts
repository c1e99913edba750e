/** Options of a config section, and how a module describes those that it reads. */

/** Options of a section: every value is text, as Paste gives it. */
export type Conf = Readonly<Record<string, string>>;

/** One option: its type, default and meaning. */
export interface OptionSpec {
  readonly type: 'text' | 'boolean' | 'integer' | 'number' | 'seconds' | 'bytes' | 'list';
  /** A value of the type; absent or undefined: the option may be missing. */
  readonly default?: string | boolean | number | readonly string[] | undefined;
  readonly required?: boolean;
  /** An option without a value counts as one that is missing. */
  readonly emptyIsMissing?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** Of a text, and of a default that is one: what it stands for. Throws Error that says what it expected (`expected …`). */
  readonly parse?: (text: string) => unknown;
  readonly doc: string;
}

/** Options by name; a name with `<…>` in it is a pattern (`user_<account>_<user>`), listed for checks and not converted. */
export type ConfSpec = Readonly<Record<string, OptionSpec>>;
