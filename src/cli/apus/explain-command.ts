/** `apus explain CONF`: the effective pipeline, why each part stands where it does, and its options with their origins. */

import { formatPlace } from '../../common/config-error.ts';
import { relative } from 'node:path';
import { serverOptions } from '../../compose/server-options.ts';
import type { Context } from '../../paste/context.ts';
import { effectiveOptions } from '../../paste/effective-options.ts';
import { examineConfig, type Examination, SERVER_NAMES } from '../../paste/examination.ts';
import { partsOf } from '../../paste/pipeline-warnings.ts';
import { positionReasons } from '../../paste/position-reasons.ts';
import { builtinEntryPoints } from '../../builtins.ts';
import { type ConfigArguments, FailedCommand } from './config-arguments.ts';

/** Prints the explanation. Throws FailedCommand when a fault leaves nothing to explain. */
export async function explain({ configPath, name }: ConfigArguments): Promise<void> {
  const examinations = await examineConfig({
    configPath,
    name,
    entryPoints: builtinEntryPoints,
    serverSpec: serverOptions,
  });
  const text = examinations.map(explanationOf).join('\n');
  process.stdout.write(withRelativePaths(text));
  const faults = examinations.flatMap((each) => each.faults.map(({ message }) => message));
  if (faults.length > 0) throw new FailedCommand(faults);
}

function withRelativePaths(text: string): string {
  return text.replaceAll(`${process.cwd()}/`, '');
}

function explanationOf(examination: Examination): string {
  const { context, added, warnings } = examination;
  if (context === undefined) return '';
  const parts = partsOf(context);
  const lines = [`${formatPlace(context.place).replace(/ $/, '')}: ${summaryOf(context, parts)}`, ''];
  parts.forEach((part, at) => {
    lines.push(...explanationOfPart(part, at, positionReasons(context, at, added)), '');
  });
  for (const name of added.leftOut) lines.push(`Not available here: ${name}, which Swift's proxy always has`, '');
  if (warnings.length > 0) lines.push('Odd:', ...warnings.map((warning) => `  ${warning}`), '');
  return lines.join('\n');
}

function summaryOf(context: Context, parts: readonly Context[]): string {
  if (context.kind !== 'pipeline') return `${context.kind} ${context.target?.text ?? ''}`;
  const filters = parts.length - 1;
  return `a pipeline of ${filters} filter${filters === 1 ? '' : 's'} and an app`;
}

function explanationOfPart(part: Context, at: number, reasons: readonly string[]): string[] {
  const name = part.name ?? part.entryPointName ?? part.place.section ?? '?';
  const { file, line, section } = part.place;
  const where = section === undefined ? '' : `, [${section}] at ${relative(process.cwd(), file ?? '')}:${line ?? '?'}`;
  const isServer = Object.hasOwn(SERVER_NAMES, part.target?.builtin ?? '');
  const options = effectiveOptions(part, isServer ? serverOptions : {});
  return [
    `${String(at + 1).padStart(2)}. ${name} (${part.target?.text ?? part.kind}${where})`,
    ...reasons.map((reason) => `      ${reason}`),
    ...columns(options.map(({ name: option, value, origin }) => [`${option} = ${value ?? '(none)'}`, origin])),
  ];
}

/** The widest line that the second column stays aligned with. */
const MAX_COLUMN = 60;

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(MAX_COLUMN, Math.max(0, ...rows.map(([first]) => first.length)));
  return rows.map(([first, second]) => `      ${first.padEnd(width)}  ${second}`);
}
