/** The storage policies of swift.conf: `[storage-policy:N]`. Source: spec swift-formats 2. */

import { ConfigError, joinFaults } from './config-error.ts';
import type { IniFile, IniOption } from './ini-dialect.ts';
import { nearestName } from './nearest-name.ts';
import type { ErasureCodingScheme, Policies, PolicyType, StoragePolicy } from './storage-policy.ts';
import { isTrueValue } from './text.ts';

const SECTION_PREFIX = 'storage-policy:';
const COMMON_OPTIONS = ['name', 'aliases', 'policy_type', 'default', 'deprecated', 'diskfile_module'];
const ERASURE_CODING_OPTIONS = [
  'ec_type',
  'ec_num_data_fragments',
  'ec_num_parity_fragments',
  'ec_object_segment_size',
  'ec_duplication_factor',
];

/** Policies by index and by name. */
class PolicyCollection implements Policies {
  readonly default: StoragePolicy;
  readonly #byIndex: ReadonlyMap<number, StoragePolicy>;
  readonly #byName: ReadonlyMap<string, StoragePolicy>;

  /** `policies` hold exactly one default, and no index or name twice. */
  constructor(policies: readonly StoragePolicy[]) {
    const ordered = [...policies].sort((a, b) => a.index - b.index);
    this.#byIndex = new Map(ordered.map((policy) => [policy.index, policy]));
    this.#byName = new Map(
      ordered.flatMap((policy) => policy.aliases.map((alias) => [alias.toLowerCase(), policy] as const)),
    );
    this.default = ordered.find((policy) => policy.isDefault) ?? (ordered[0] as StoragePolicy);
  }

  get(index: number): StoragePolicy | undefined {
    return this.#byIndex.get(index);
  }

  byName(name: string): StoragePolicy | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** By index. */
  [Symbol.iterator](): IterableIterator<StoragePolicy> {
    return this.#byIndex.values();
  }
}

/** The policies of a cluster whose swift.conf names none: one of index 0, replicated. */
export function singlePolicy(): Policies {
  return new PolicyCollection([
    {
      index: 0,
      name: 'Policy-0',
      aliases: ['Policy-0'],
      type: 'replication',
      isDefault: true,
      isDeprecated: false,
      erasureCoding: undefined,
    },
  ]);
}

/** Reads the policy sections. `value` gives an option's expanded value. Throws ConfigError with every fault found. */
export function readPolicies(file: IniFile, value: (section: string, key: string) => string): Policies {
  const faults: ConfigError[] = [];
  const sections: PolicySection[] = [];
  for (const name of file.sections.keys()) {
    if (name.startsWith(SECTION_PREFIX)) sections.push(new PolicySection(file, name, value, faults));
  }
  if (sections.length === 0) return singlePolicy();
  const policies = sections.map((section) => section.read());
  checkTogether(file, sections, policies, faults);
  if (faults.length > 0) throw joinFaults(faults);
  const onlyOne = policies.length === 1;
  return new PolicyCollection(onlyOne ? policies.map((policy) => ({ ...policy, isDefault: true })) : policies);
}

/** One section, whose faults are added to a list. */
class PolicySection {
  readonly name: string;
  readonly #file: IniFile;
  readonly #options: ReadonlyMap<string, IniOption>;
  readonly #value: (section: string, key: string) => string;
  readonly #faults: ConfigError[];

  constructor(file: IniFile, name: string, value: (section: string, key: string) => string, faults: ConfigError[]) {
    this.name = name;
    this.#file = file;
    // Swift counts keys of [DEFAULT] as options of every policy.
    this.#options = new Map([...file.defaults.options, ...(file.sections.get(name)?.options ?? [])]);
    this.#value = value;
    this.#faults = faults;
  }

  read(): StoragePolicy {
    const type = this.#policyType();
    this.#refuseUnknown(type);
    const aliases = this.#names();
    return Object.freeze({
      index: this.#index(),
      name: aliases[0] ?? '',
      aliases: Object.freeze(aliases),
      type,
      isDefault: isTrueValue(this.#text('default')),
      isDeprecated: isTrueValue(this.#text('deprecated')),
      erasureCoding: type === 'erasure_coding' ? this.#scheme() : undefined,
    });
  }

  fault(key: string | undefined, text: string): void {
    const option = key === undefined ? undefined : this.#options.get(key);
    this.#faults.push(
      new ConfigError({
        code: 'swift-conf',
        text,
        file: this.#file.path,
        line: option?.line ?? this.#file.sections.get(this.name)?.line,
        section: this.name,
        key,
        value: option?.value,
      }),
    );
  }

  #text(key: string): string | undefined {
    return this.#options.has(key) ? this.#value(this.name, key) : undefined;
  }

  #index(): number {
    const digits = this.name.slice(SECTION_PREFIX.length);
    if (/^\d{1,9}$/.test(digits)) return Number(digits);
    this.fault(undefined, `expected [${SECTION_PREFIX}N] with an index N of 0 or more, not ${JSON.stringify(digits)}`);
    return -1;
  }

  #policyType(): PolicyType {
    const type = this.#text('policy_type') ?? 'replication';
    if (type === 'replication' || type === 'erasure_coding') return type;
    this.fault('policy_type', `expected replication or erasure_coding, not ${JSON.stringify(type)}`);
    return 'replication';
  }

  #refuseUnknown(type: PolicyType): void {
    const known = type === 'erasure_coding' ? [...COMMON_OPTIONS, ...ERASURE_CODING_OPTIONS] : COMMON_OPTIONS;
    for (const key of this.#options.keys()) {
      if (known.includes(key)) continue;
      const near = nearestName(key, known);
      const hint = near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`;
      this.fault(key, `a ${type} policy has no such option; ${hint}`);
    }
  }

  #names(): string[] {
    const name = this.#text('name');
    if (name === undefined || name === '') this.fault(name === undefined ? undefined : 'name', 'a policy needs a name');
    const aliases = (this.#text('aliases') ?? '').split(',').map((alias) => alias.trim());
    const names = [name ?? '', ...aliases.filter((alias) => alias !== name)].filter((each) => each !== '');
    for (const each of names) {
      const key = each === name ? 'name' : 'aliases';
      if (!/^[A-Za-z0-9-]+$/.test(each)) {
        this.fault(key, `expected letters, digits and '-' alone in a name, not ${JSON.stringify(each)}`);
      } else if (each.toLowerCase() === 'policy-0' && this.#isNotFirst()) {
        this.fault(key, `${each} is the name of policy 0 alone`);
      }
    }
    return names;
  }

  #isNotFirst(): boolean {
    return Number(this.name.slice(SECTION_PREFIX.length)) !== 0;
  }

  #scheme(): ErasureCodingScheme {
    const type = this.#text('ec_type') ?? '';
    if (type === '') this.fault(undefined, 'an erasure_coding policy needs ec_type');
    return Object.freeze({
      ec_type: type,
      ec_num_data_fragments: this.#count('ec_num_data_fragments'),
      ec_num_parity_fragments: this.#count('ec_num_parity_fragments'),
      ec_object_segment_size: this.#count('ec_object_segment_size', 1048576),
      ec_duplication_factor: this.#count('ec_duplication_factor', 1),
    });
  }

  #count(key: string, byDefault?: number): number {
    const text = this.#text(key);
    if (text === undefined && byDefault !== undefined) return byDefault;
    if (text === undefined) this.fault(undefined, `an erasure_coding policy needs ${key}`);
    else if (!/^\d+$/.test(text) || Number(text) < 1) {
      this.fault(key, `expected an integer of 1 or more, not ${JSON.stringify(text)}`);
    }
    return Number(text ?? 0);
  }
}

/** What concerns several sections: indexes and names used once, policy 0, one default. */
function checkTogether(
  file: IniFile,
  sections: readonly PolicySection[],
  policies: readonly StoragePolicy[],
  faults: ConfigError[],
): void {
  const names = new Map<string, PolicySection>();
  const indexes = new Map<number, PolicySection>();
  policies.forEach((policy, at) => {
    const section = sections[at] as PolicySection;
    const same = indexes.get(policy.index);
    if (same !== undefined && policy.index >= 0) {
      section.fault(undefined, `[${same.name}] has the same index ${policy.index}`);
    }
    indexes.set(policy.index, section);
    policy.aliases.forEach((alias, position) => {
      const taken = names.get(alias.toLowerCase());
      const key = position === 0 ? 'name' : 'aliases';
      if (taken !== undefined) section.fault(key, `the name ${alias} is used in [${taken.name}] already`);
      names.set(alias.toLowerCase(), section);
    });
    if (policy.isDeprecated && (policy.isDefault || policies.length === 1)) {
      section.fault('deprecated', 'a deprecated policy may not be the default');
    }
  });
  if (!indexes.has(0)) {
    faults.push(
      new ConfigError({ code: 'swift-conf', text: `expected a section [${SECTION_PREFIX}0]`, file: file.path }),
    );
  }
  checkDefault(file, sections, policies, faults);
}

function checkDefault(
  file: IniFile,
  sections: readonly PolicySection[],
  policies: readonly StoragePolicy[],
  faults: ConfigError[],
): void {
  const marked = sections.filter((_, at) => policies[at]?.isDefault === true);
  for (const section of marked.slice(1)) section.fault('default', `[${marked[0]?.name}] is the default already`);
  if (marked.length === 0 && policies.length > 1) {
    faults.push(
      new ConfigError({
        code: 'swift-conf',
        text: 'expected default = yes in exactly one policy section',
        file: file.path,
        candidates: sections.map((section) => section.name),
      }),
    );
  }
}
