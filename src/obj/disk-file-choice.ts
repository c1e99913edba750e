import { Timestamp } from '../common/timestamp.ts';
import { parseDiskFileName, type DiskFileExtension, type DiskFileName } from './disk-file-names.ts';

/** Which of the files in a hash directory make up the object, and which are in the way. Source: spec swift-formats 3.3. */

export interface FragmentPreference {
  readonly timestamp: Timestamp;
  /** Fragment indexes that are not wanted. */
  readonly exclude: readonly number[];
}

export interface ChoiceOptions {
  /** Fragments of an object of the policy, for erasure coding; null for replication. */
  readonly fragments: number | null;
  /** The one fragment wanted. */
  readonly fragmentIndex?: number | undefined;
  /** Given, even when empty: fragments that are not durable may be chosen. */
  readonly preferences?: readonly FragmentPreference[] | undefined;
}

export interface FileChoice {
  readonly data: DiskFileName | undefined;
  readonly meta: DiskFileName | undefined;
  /** The `.meta` file whose content type counts; may be `meta` itself. */
  readonly contentType: DiskFileName | undefined;
  /** Only without data. */
  readonly tombstone: DiskFileName | undefined;
  /** To be deleted. */
  readonly obsolete: readonly DiskFileName[];
  /** To be deleted once they are older than the reclaim age. */
  readonly possibleReclaim: readonly DiskFileName[];
  /** Names that mean nothing: left alone. */
  readonly unexpected: readonly string[];
  /** Fragments by set (one PUT each), newest first; empty for replication. */
  readonly fragmentSets: readonly FragmentSet[];
  readonly durableSet: FragmentSet | undefined;
}

/** The fragments of one PUT, by ascending index. */
export interface FragmentSet {
  readonly timestamp: Timestamp;
  readonly files: readonly DiskFileName[];
}

export function chooseFiles(names: readonly string[], options: ChoiceOptions): FileChoice {
  const only = names.length === 1 && options.fragments === null ? onlyFile(names[0] as string) : undefined;
  return only ?? new Chooser(names, options).choose();
}

const NONE: FileChoice = {
  data: undefined,
  meta: undefined,
  contentType: undefined,
  tombstone: undefined,
  obsolete: [],
  possibleReclaim: [],
  unexpected: [],
  fragmentSets: [],
  durableSet: undefined,
};

/** By far the commonest directory: one data file, or one tombstone. */
function onlyFile(name: string): FileChoice | undefined {
  const file = parseDiskFileName(name, null);
  if (file?.extension === '.data') return { ...NONE, data: file };
  if (file?.extension === '.ts') return { ...NONE, tombstone: file };
  return undefined;
}

class Chooser {
  readonly #options: ChoiceOptions;
  readonly #groups: Record<DiskFileExtension, DiskFileName[]> = { '.data': [], '.meta': [], '.ts': [], '.durable': [] };
  readonly #unexpected: string[] = [];
  readonly #obsolete: DiskFileName[] = [];
  readonly #reclaim: DiskFileName[] = [];

  constructor(names: readonly string[], options: ChoiceOptions) {
    this.#options = options;
    for (const name of names) {
      const file = parseDiskFileName(name, options.fragments);
      if (file === undefined) this.#unexpected.push(name);
      else this.#groups[file.extension].push(file);
    }
    for (const group of Object.values(this.#groups)) group.sort(newestFirst);
  }

  choose(): FileChoice {
    this.#applyTombstone();
    this.#groups['.meta'] = this.#keptMeta(this.#groups['.meta']);
    return this.#options.fragments === null ? this.#chooseReplica() : this.#chooseFragment();
  }

  #applyTombstone(): void {
    const [newest, ...older] = this.#groups['.ts'];
    if (newest === undefined) return;
    this.#obsolete.push(...older);
    this.#groups['.ts'] = [newest];
    for (const extension of ['.data', '.meta', '.durable'] as const) {
      this.#drop(extension, (file) => !file.timestamp.isAfter(newest.timestamp));
    }
  }

  /** The newest, and besides it the one with a newer content type. */
  #keptMeta(files: readonly DiskFileName[]): DiskFileName[] {
    const [newest, ...others] = files;
    if (newest === undefined) return [];
    const typed = others.reduce<DiskFileName | undefined>(
      (best, file) => (best === undefined || contentTypeTime(file).isAfter(contentTypeTime(best)) ? file : best),
      undefined,
    );
    let kept = [newest];
    if (typed !== undefined && contentTypeTime(typed).isAfter(contentTypeTime(newest))) {
      kept = typed.timestamp.equals(newest.timestamp) ? [typed] : [newest, typed];
    }
    this.#obsolete.push(...files.filter((file) => !kept.includes(file)));
    return kept;
  }

  #chooseReplica(): FileChoice {
    const [data, ...older] = this.#groups['.data'];
    if (data === undefined) {
      this.#reclaim.push(...this.#groups['.meta']);
    } else {
      this.#obsolete.push(...older);
      for (const extension of ['.meta', '.ts', '.durable'] as const) {
        this.#drop(extension, (file) => !file.timestamp.isAfter(data.timestamp));
      }
    }
    return this.#chosen(data, this.#groups['.meta'], [], undefined);
  }

  #chooseFragment(): FileChoice {
    const all = fragmentSets(this.#groups['.data']);
    const durableTime = this.#durableTime(all);
    const durable = all.find((set) => durableTime?.equals(set.timestamp) === true);
    const sets = durable === undefined ? all : all.slice(0, all.indexOf(durable) + 1);
    const { set: chosen, file: data } = this.#wantedFragment(sets, durable);
    // Metadata older than a fragment that may yet vanish are neither used with it nor deleted because of it.
    const isUsable = (file: DiskFileName): boolean =>
      data === undefined || chosen === durable || file.timestamp.isAfter(data.timestamp);
    this.#groups['.meta'] = this.#groups['.meta'].filter(isUsable);
    if (durableTime !== undefined) {
      for (const extension of ['.data', '.meta', '.ts', '.durable'] as const) {
        this.#drop(extension, (file) => durableTime.isAfter(file.timestamp));
      }
    }
    this.#drop('.durable', (file) => !sets.some((set) => set.timestamp.equals(file.timestamp)));
    for (const set of sets) if (set !== durable && set !== chosen) this.#reclaim.push(...set.files);
    if (durable === undefined) this.#reclaim.push(...this.#groups['.meta']);
    return this.#chosen(data, this.#groups['.meta'], sets, durable);
  }

  /** Of the newest set with a fragment marked durable, or of the newest marker file of old, which may have lost its set. */
  #durableTime(sets: readonly FragmentSet[]): Timestamp | undefined {
    const marked = sets.find((set) => set.files.some((file) => file.isDurable))?.timestamp;
    const marker = this.#groups['.durable'][0]?.timestamp;
    return marked !== undefined && marker?.isAfter(marked) !== true ? marked : marker;
  }

  /** The set to read from, and the fragment in it, if it has one that is wanted. */
  #wantedFragment(
    sets: readonly FragmentSet[],
    durable: FragmentSet | undefined,
  ): { set?: FragmentSet | undefined; file?: DiskFileName | undefined } {
    const { preferences, fragmentIndex } = this.#options;
    if (preferences === undefined) return { set: durable, file: durable && fragmentOf(durable.files, fragmentIndex) };
    for (const { timestamp, exclude } of preferences) {
      const set = sets.find((candidate) => candidate.timestamp.equals(timestamp));
      const last = set?.files.findLast((candidate) => !exclude.includes(candidate.fragmentIndex as number));
      if (set !== undefined && last !== undefined) return { set, file: fragmentOf(set.files, last.fragmentIndex) };
    }
    const isExhausted = (set: FragmentSet): boolean =>
      preferences.some(({ timestamp }) => timestamp.equals(set.timestamp));
    const set = sets.find((candidate) => !isExhausted(candidate));
    return { set, file: set && fragmentOf(set.files, fragmentIndex) };
  }

  #chosen(
    data: DiskFileName | undefined,
    meta: readonly DiskFileName[],
    sets: readonly FragmentSet[],
    durableSet: FragmentSet | undefined,
  ): FileChoice {
    const last = meta[meta.length - 1];
    const hasType = data !== undefined && last !== undefined && contentTypeTime(last).isAfter(data.timestamp);
    return {
      data,
      meta: data && meta[0],
      contentType: hasType ? last : undefined,
      tombstone: data === undefined ? this.#groups['.ts'][0] : undefined,
      obsolete: this.#obsolete,
      possibleReclaim: this.#reclaim,
      unexpected: this.#unexpected,
      fragmentSets: sets,
      durableSet,
    };
  }

  #drop(extension: DiskFileExtension, isObsolete: (file: DiskFileName) => boolean): void {
    const kept: DiskFileName[] = [];
    for (const file of this.#groups[extension]) (isObsolete(file) ? this.#obsolete : kept).push(file);
    this.#groups[extension] = kept;
  }
}

function contentTypeTime(file: DiskFileName): Timestamp {
  return file.contentTypeTimestamp ?? Timestamp.ZERO;
}

function newestFirst(a: DiskFileName, b: DiskFileName): number {
  return b.timestamp.compare(a.timestamp);
}

function fragmentSets(newestFirstFiles: readonly DiskFileName[]): FragmentSet[] {
  const sets: { timestamp: Timestamp; files: DiskFileName[] }[] = [];
  for (const file of newestFirstFiles) {
    const last = sets[sets.length - 1];
    if (last?.timestamp.equals(file.timestamp) === true) last.files.push(file);
    else sets.push({ timestamp: file.timestamp, files: [file] });
  }
  for (const set of sets) set.files.sort((a, b) => (a.fragmentIndex as number) - (b.fragmentIndex as number));
  return sets;
}

function fragmentOf(files: readonly DiskFileName[], index: number | undefined): DiskFileName | undefined {
  if (index === undefined) return files[files.length - 1];
  return files.find((file) => file.fragmentIndex === index);
}
