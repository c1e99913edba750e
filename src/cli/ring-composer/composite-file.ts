/** Composite builder files: JSON that tells of which builders a composite ring was made, and in which state they were. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { pythonFloat, pythonJson } from '../../common/python-json.ts';
import { ValueFault } from '../python-text.ts';

export interface Component {
  readonly version: number;
  readonly replicas: number;
  /** The builder's. */
  readonly id: string;
}

export interface Composite {
  /** Counts the times that the ring was composed. */
  readonly version: number;
  /** In the order of their replicas. */
  readonly components: readonly Component[];
  /** Absolute paths by builder id. */
  readonly builderFiles: ReadonlyMap<string, string>;
}

const SERIALIZATION_VERSION = 1;

/** Throws ValueFault for what is no such file, and what reading throws. */
export function loadComposite(path: string): Composite {
  let values: Partial<Record<string, unknown>>;
  try {
    values = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<string, unknown>>;
  } catch (error) {
    throw error instanceof SyntaxError ? invalid() : error;
  }
  const { version, components, component_builder_files: files } = values ?? {};
  if (typeof version !== 'number' || !Array.isArray(components) || !components.every(isComponent)) throw invalid();
  const builderFiles = new Map(Object.entries((files ?? {}) as Record<string, string>));
  if (components.some(({ id }) => typeof builderFiles.get(id) !== 'string')) throw invalid();
  return { version, components, builderFiles };
}

function invalid(): ValueFault {
  return new ValueFault('File does not contain valid composite ring data');
}

function isComponent(value: unknown): value is Component {
  if (typeof value !== 'object' || value === null) return false;
  const { version, replicas, id } = value as Partial<Component>;
  return typeof version === 'number' && typeof replicas === 'number' && typeof id === 'string';
}

/** Replaces the file in one step. */
export async function saveComposite(path: string, composite: Composite): Promise<void> {
  const json = pythonJson({
    components: composite.components.map(({ version, replicas, id }) => ({ version, replicas, id })),
    component_builder_files: Object.fromEntries(composite.builderFiles),
    version: composite.version,
    saved_path: resolve(path),
    serialization_version: SERIALIZATION_VERSION,
  });
  await writeFileDurably(path, Buffer.from(withFloats(json)), { mode: 0o644 });
}

/** What `show` prints. */
export function describeComposite({ version, components, builderFiles }: Composite): string {
  const files = [...builderFiles].sort(([a], [b]) => (a < b ? -1 : 1));
  const values = {
    component_builder_files: Object.fromEntries(files),
    components: components.map(({ id, replicas, version }) => ({ id, replicas, version })),
    version,
  };
  return withFloats(JSON.stringify(values, undefined, 4));
}

/** Python keeps replica counts as floats. Within text the quotes would be escaped. */
function withFloats(json: string): string {
  return json.replace(/"replicas": ([\d.]+)/g, (_, number: string) => `"replicas": ${pythonFloat(Number(number))}`);
}
