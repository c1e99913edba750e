/** docs/options.md, made from the option names of Debian's sample configs and from what the modules here say they read. */

import { builtinEntryPoints } from '../../../src/builtins.ts';
import { DEFAULT_CONSTRAINTS } from '../../../src/common/constraints.ts';
import { serverOptions } from '../../../src/compose/server-options.ts';
import { updaterConfSpec as containerUpdaterSpec } from '../../../src/container/updater.ts';
import type { ConfSpec } from '../../../src/http/contract.ts';
import { updaterConfSpec as objectUpdaterSpec } from '../../../src/obj/updater.ts';
import { isPattern, patternRegExp } from '../../../src/common/conf-spec.ts';
import type { BuiltinEntryPoint, FactoryModule } from '../../../src/paste/entry-point-table.ts';
import { reasonForNoMeaning } from '../../../src/paste/swift-options.ts';

export interface SampleSection {
  section: string;
  /** Of `egg:swift#…` or `egg:keystonemiddleware#…`, where the section has one. */
  entryPoint?: string;
  options: string[];
}

export interface Sample {
  file: string;
  sections: SampleSection[];
}

export interface Described {
  option: string;
  status: 'works' | 'no meaning' | 'not yet';
  /** What it does, or why it means nothing here. */
  text: string;
}

/** The app of each server's config file. */
const APPS: Readonly<Record<string, string>> = {
  'proxy-server.conf': 'proxy',
  'object-server.conf': 'object',
  'container-server.conf': 'container',
  'account-server.conf': 'account',
};
const DAEMONS: Readonly<Record<string, ConfSpec>> = {
  'object-updater': objectUpdaterSpec,
  'container-updater': containerUpdaterSpec,
};
const PASTE: ConfSpec = {
  use: { type: 'text', doc: 'Entry point, section or file that the section is made from.' },
  'paste.filter_factory': { type: 'text', doc: 'Module and function that make the filter, in place of use.' },
  pipeline: { type: 'text', doc: 'Filters, outermost first, and the app.' },
};

/** Options of a filter's own log; any filter takes them. */
const { log_name, log_facility, log_level, log_address } = serverOptions;
const SECTION_LOG: ConfSpec = { log_name, log_facility, log_level, log_address };

export async function describeSection(file: string, section: SampleSection): Promise<Described[]> {
  const { specs, scopes, missing } = await sourcesOf(file, section);
  return section.options.map((option): Described => {
    const name = option.replace(/^set /, '');
    const reason = scopes.map((scope) => reasonForNoMeaning(scope, name)).find((each) => each !== undefined);
    if (reason !== undefined) return { option, status: 'no meaning', text: reason };
    const found = specs.map((spec) => optionOf(spec, name)).find((each) => each !== undefined);
    const works = found !== undefined && !(missing && name === 'use');
    return works ? { option, status: 'works', text: found.doc } : { option, status: 'not yet', text: '' };
  });
}

interface Sources {
  specs: ConfSpec[];
  scopes: string[];
  /** The section's filter is not available here. */
  missing: boolean;
}

async function sourcesOf(file: string, { section, entryPoint }: SampleSection): Promise<Sources> {
  if (file === 'swift.conf') return { specs: [swiftConfSpec(section)], scopes: ['swift.conf'], missing: false };
  const app = APPS[file];
  if (app === undefined) return { specs: [], scopes: [], missing: false };
  if (section === 'DEFAULT' || section.startsWith('app:')) {
    const daemons = Object.entries(DAEMONS).filter(([name]) => section === 'DEFAULT' && name.startsWith(app));
    const globals = section === 'DEFAULT' && app === 'proxy' ? [await specOf('catch_errors')] : [];
    const specs = [serverOptions, await specOf(app), PASTE, ...globals, ...daemons.map(([, spec]) => spec)];
    return { specs, scopes: ['server', app], missing: false };
  }
  if (section.startsWith('proxy-server:policy:'))
    return { specs: [await specOf('proxy')], scopes: ['proxy'], missing: false };
  if (entryPoint !== undefined) {
    if (builtinOf(entryPoint) === undefined) return { specs: [], scopes: [entryPoint], missing: true };
    return { specs: [await specOf(entryPoint), PASTE, SECTION_LOG], scopes: [entryPoint], missing: false };
  }
  const daemon = DAEMONS[section];
  return {
    specs: [...(daemon === undefined ? [] : [daemon]), ...(section === 'pipeline:main' ? [PASTE] : [])],
    scopes: [section],
    missing: false,
  };
}

async function specOf(entryPoint: string): Promise<ConfSpec> {
  const module = (await builtinOf(entryPoint)?.load()) as FactoryModule;
  return module.confSpec ?? {};
}

/** Of Swift's package, or of another that a sample config names. */
function builtinOf(entryPoint: string): BuiltinEntryPoint | undefined {
  for (const { entryPoints } of Object.values(builtinEntryPoints.packages)) {
    if (Object.hasOwn(entryPoints, entryPoint)) return entryPoints[entryPoint];
  }
  return undefined;
}

function swiftConfSpec(section: string): ConfSpec {
  const names =
    section === 'swift-constraints'
      ? Object.keys(DEFAULT_CONSTRAINTS)
      : section === 'swift-hash'
        ? ['swift_hash_path_prefix', 'swift_hash_path_suffix']
        : ['name', 'aliases', 'policy_type', 'default', 'deprecated', ...ERASURE_CODING];
  const docs: Record<string, string> = Object.fromEntries(
    ERASURE_CODING.map((name) => [name, 'Read and checked; writes of such a policy get 503.']),
  );
  return Object.fromEntries(names.map((name) => [name, { type: 'text', doc: docs[name] ?? '' }]));
}

const ERASURE_CODING = [
  'ec_type',
  'ec_num_data_fragments',
  'ec_num_parity_fragments',
  'ec_object_segment_size',
  'ec_duplication_factor',
];

function optionOf(spec: ConfSpec, name: string): { doc: string } | undefined {
  if (Object.hasOwn(spec, name)) return spec[name];
  const pattern = Object.keys(spec).find((each) => isPattern(each) && patternRegExp(each).test(name));
  return pattern === undefined ? undefined : spec[pattern];
}

/** The whole document. */
export async function renderOptions(samples: readonly Sample[]): Promise<string> {
  const lines = [
    '# Options',
    '',
    "Every option of the sample configs that Debian's packages of OpenStack Swift 2.30.1 bring, by file and section. An option **works**, or",
    'has **no meaning here** because of what is said beside it, or does **not yet** do anything: then a server that finds it warns and',
    'goes on. Options that the samples do not mention, and what each takes, stand in the `confSpec` of the modules.',
    '',
    'This file is made by `npx vitest run options -u`.',
  ];
  for (const { file, sections } of samples) {
    lines.push('', `## ${file}`);
    for (const section of sections) lines.push('', ...(await renderSection(file, section)));
  }
  return `${lines.join('\n')}\n`;
}

async function renderSection(file: string, section: SampleSection): Promise<string[]> {
  const described = await describeSection(file, section);
  const rows = described.filter(({ status }) => status !== 'not yet');
  const rest = described.filter(({ status }) => status === 'not yet').map(({ option }) => `\`${option}\``);
  const lines = [`### \`[${section.section}]\``];
  if (rows.length > 0) lines.push('', '| option | status | |', '|---|---|---|');
  for (const { option, status, text } of rows) {
    const note = status === 'no meaning' ? `because ${text}` : text.replace(/[|<]/g, '\\$&');
    lines.push(`| \`${option}\` | ${status === 'works' ? 'works' : 'no meaning here'} | ${note} |`);
  }
  if (rest.length > 0) lines.push('', `Not yet: ${rest.join(', ')}.`);
  return lines;
}
