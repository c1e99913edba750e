/** Finds and imports the modules that targets name. Source: spec paste-deploy 11.4. */

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { putProvidedModulesFirst } from './provided-modules.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

/** Codes with which Node refuses to run a TypeScript file by itself. */
const REFUSED_TYPESCRIPT = new Set([
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNKNOWN_FILE_EXTENSION',
]);

export interface ModuleSearch {
  /** What to import: a file's URL or a `node:` name; undefined when nothing was found. */
  readonly url: string | undefined;
  /** Where it was looked for. */
  readonly places: readonly string[];
}

/**
 * Finds a module. `specifier` is a path (`./x.ts`, `/x`, `file:`), a dotted name in Python's form (`a.b.c`), or a package's.
 * `folder` is that of the file that names it; `modulePaths` are looked into for dotted names.
 */
export function findModule(
  specifier: string,
  folder: string | undefined,
  modulePaths: readonly string[],
): ModuleSearch {
  if (/^(\.{1,2}\/|\/|file:)/.test(specifier)) return findFile(specifier, folder);
  const places: string[] = [];
  if (/^[A-Za-z_]\w*(\.\w+)*$/.test(specifier)) {
    const path = specifier.replaceAll('.', '/');
    for (const base of [...(folder === undefined ? [] : [folder]), ...modulePaths]) {
      const file = withExtension(join(base, path));
      if (file !== undefined) return { url: pathToFileURL(file).href, places };
      places.push(join(base, path));
    }
    const found = specifier.includes('.') ? findPackage(path, folder) : undefined;
    if (found !== undefined) return { url: found, places };
  }
  const url = findPackage(specifier, folder);
  return { url, places: [...places, `packages seen from ${folder ?? process.cwd()}`] };
}

function findFile(specifier: string, folder: string | undefined): ModuleSearch {
  const path = specifier.startsWith('file:')
    ? fileURLToPath(new URL(specifier, pathToFileURL(`${folder ?? process.cwd()}/`)))
    : resolve(folder ?? process.cwd(), specifier);
  const file = isFile(path) ? path : withExtension(path);
  return { url: file === undefined ? undefined : pathToFileURL(file).href, places: [path] };
}

function withExtension(path: string): string | undefined {
  const endings = [...EXTENSIONS, ...EXTENSIONS.map((extension) => `/index${extension}`)];
  return endings.map((ending) => path + ending).find(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Node's resolution: from the folder of the config, then from this installation. */
function findPackage(specifier: string, folder: string | undefined): string | undefined {
  const bases = [...(folder === undefined ? [] : [`${folder}/`]), import.meta.filename];
  for (const base of bases) {
    try {
      const path = createRequire(base).resolve(specifier);
      return path.startsWith('/') ? pathToFileURL(path).href : path;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Imports a module; TypeScript that Node's type stripping refuses goes through tsx. */
export async function importModule(url: string): Promise<object> {
  try {
    return (await import(url)) as object;
  } catch (error) {
    if (!REFUSED_TYPESCRIPT.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const importTypeScript = await (typeScriptImport ??= registerTsx());
    return importTypeScript(url, import.meta.url);
  }
}

type ScopedImport = (specifier: string, parent: string) => Promise<object>;
let typeScriptImport: Promise<ScopedImport> | undefined;

/** tsx for what is imported through it and for what that imports; everything else stays with Node. */
async function registerTsx(): Promise<ScopedImport> {
  const commonJs = await import('tsx/cjs/api');
  const modules = await import('tsx/esm/api');
  const scope = { namespace: 'apus-user-modules' };
  const { require: scopedRequire } = commonJs.register(scope);
  const { import: scopedImport } = modules.register(scope);
  putProvidedModulesFirst();
  return async (specifier, parent) =>
    specifier.endsWith('.cts') ? scopedRequire(fileURLToPath(specifier), parent) : scopedImport(specifier, parent);
}
