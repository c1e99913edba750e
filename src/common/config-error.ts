/** Which kind of fault an error is, for callers that tell them apart. */
export type ConfigErrorFamily = 'parse' | 'value' | 'lookup' | 'import' | 'system' | 'factory';

const FAMILIES = {
  'ini-encoding': 'parse',
  'ini-no-section-header': 'parse',
  'ini-syntax': 'parse',
  'ini-duplicate-section': 'parse',
  'ini-duplicate-option': 'parse',
  'interpolation-missing': 'value',
  'interpolation-syntax': 'value',
  'interpolation-depth': 'value',
  'uri-no-scheme': 'lookup',
  'uri-unknown-scheme': 'lookup',
  'relative-uri': 'value',
  'file-missing': 'system',
  'file-unreadable': 'system',
  'section-missing': 'lookup',
  'section-ambiguous': 'lookup',
  'get-missing-global': 'lookup',
  'factory-none': 'lookup',
  'factory-multiple': 'lookup',
  'pipeline-no-key': 'lookup',
  'pipeline-extra-keys': 'lookup',
  'empty-pipeline': 'lookup',
  'pipeline-filter-with': 'lookup',
  'pipeline-no-order': 'value',
  'filter-app-no-next': 'lookup',
  'distribution-missing': 'import',
  'entry-point-missing': 'lookup',
  'entry-point-ambiguous': 'lookup',
  'entry-point-unavailable': 'lookup',
  'module-missing': 'import',
  'module-failed': 'import',
  'attribute-missing': 'import',
  'target-malformed': 'lookup',
  'not-callable': 'value',
  'factory-raised': 'factory',
  'factory-result': 'factory',
  recursion: 'lookup',
  'urlmap-bad-path': 'value',
  'config-file': 'system',
  'readconf-section-missing': 'value',
  'readconf-unreadable': 'system',
  'bad-value': 'value',
  'option-invalid': 'value',
  'swift-conf': 'value',
} as const;

export type ConfigErrorCode = keyof typeof FAMILIES;

/** Where something stands in a config file. */
export interface Place {
  readonly file?: string | undefined;
  /** First line is 1. */
  readonly line?: number | undefined;
  /** Header without brackets. */
  readonly section?: string | undefined;
  readonly key?: string | undefined;
}

export interface ConfigErrorInit extends Place {
  code: ConfigErrorCode;
  /** What is wrong and what was expected: one line, without the place. */
  text: string;
  value?: string | undefined;
  name?: string | undefined;
  candidates?: readonly string[] | undefined;
  /** Further lines for people. */
  details?: readonly string[] | undefined;
  /** The sections that led here, outermost first. */
  chain?: readonly Place[] | undefined;
  /** All faults, when there are several; this error then tells them all. */
  faults?: readonly ConfigError[] | undefined;
  cause?: unknown;
}

/**
 * A fault of a configuration. The first line of the message is `file:line: [section] key: what is wrong`, as far as these are
 * known; further lines give details. Tell errors apart by `code` or `family`, never by message.
 */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  readonly family: ConfigErrorFamily;
  readonly text: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly section: string | undefined;
  readonly key: string | undefined;
  readonly value: string | undefined;
  /** Name that was asked for. */
  readonly wanted: string | undefined;
  readonly candidates: readonly string[];
  readonly chain: readonly Place[];
  readonly faults: readonly ConfigError[];

  constructor(init: ConfigErrorInit) {
    super(messageOf(init), init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'ConfigError';
    this.code = init.code;
    this.family = FAMILIES[init.code];
    this.text = init.text;
    this.file = init.file;
    this.line = init.line;
    this.section = init.section;
    this.key = init.key;
    this.value = init.value;
    this.wanted = init.name;
    this.candidates = init.candidates ?? [];
    this.chain = init.chain ?? [];
    this.faults = init.faults ?? [];
  }
}

/** One error for several faults: its code is that of the first. Of a single fault, that fault itself. */
export function joinFaults(faults: readonly ConfigError[]): ConfigError {
  const all = faults.flatMap((fault) => (fault.faults.length > 0 ? fault.faults : [fault]));
  // Several filters may stumble over the same option of [DEFAULT].
  const flat = [...new Map(all.map((fault) => [fault.message, fault])).values()];
  const [first] = flat;
  if (first === undefined) throw new Error('joinFaults needs a fault');
  if (flat.length === 1) return first;
  const unavailable = flat.filter(({ code }) => code === 'entry-point-unavailable').map(({ wanted }) => wanted);
  const which = unavailable.length === 0 ? '' : `; not available here: ${unavailable.join(', ')}`;
  return new ConfigError({
    code: first.code,
    text: `${flat.length} faults in the configuration${which}`,
    file: first.file,
    details: flat.flatMap((fault) => fault.message.split('\n')),
    value: first.value,
    name: first.wanted,
    candidates: first.candidates,
    faults: flat,
    cause: first.cause,
  });
}

/** What `read` returns, or undefined when its fault was added to those found so far. */
export function collectFault<T>(faults: ConfigError[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error);
    return undefined;
  }
}

/** `file:line: [section] key`, as far as known. */
export function formatPlace(place: Place): string {
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(`${place.file}${place.line === undefined ? '' : `:${place.line}`}:`);
  if (place.section !== undefined) parts.push(`[${place.section}]`);
  if (place.key !== undefined) parts.push(place.key);
  return parts.join(' ');
}

function messageOf(init: ConfigErrorInit): string {
  const place = formatPlace(init);
  const separator = place === '' ? '' : place.endsWith(':') ? ' ' : ': ';
  const lines = [`${place}${separator}${init.text}`, ...(init.details ?? [])];
  for (const link of init.chain ?? []) lines.push(`referred to from ${formatPlace(link)}`);
  return lines.map((line, at) => (at === 0 ? line : `  ${line}`)).join('\n');
}
