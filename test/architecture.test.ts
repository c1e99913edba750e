import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/** `proxy` for src/proxy/app.ts; the file's own name for one directly in src. */
function layerOf(path: string): string {
  return relative(source, path).split('/')[0] as string;
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)'/g)].map(
    (match) => match[1] as string,
  );
  return specifiers.map((specifier) => resolve(dirname(path), specifier));
}

const servers = ['common', 'http', 'ring', 'db', 'backend'];
const mayImport: Record<string, readonly string[]> = {
  common: [],
  http: ['common'],
  ring: ['common'],
  db: ['common'],
  paste: ['common', 'http'],
  backend: ['common', 'http'],
  'middleware-api.ts': ['common', 'http', 'paste'],
  middleware: ['middleware-api.ts'],
  'web.ts': ['web'],
  web: ['middleware-api.ts'],
  proxy: servers,
  obj: servers,
  container: servers,
  account: servers,
  'builtins.ts': ['paste', 'middleware', 'proxy', 'obj', 'container', 'account'],
  compose: [...servers, 'paste', 'proxy', 'obj', 'container', 'account'],
  'testing.ts': ['testing'],
  testing: ['middleware-api.ts', 'builtins.ts', 'compose', ...servers, 'paste'],
  cli: [
    ...servers,
    'paste',
    'builtins.ts',
    'compose',
    'obj',
    'container',
    'account',
    'proxy',
    'middleware-api.ts',
    'testing.ts',
  ],
};

test('every file imports only from the layers that its own may see', () => {
  const faults: string[] = [];
  for (const file of filesBelow(source)) {
    const layer = layerOf(file);
    const allowed = [layer, ...(mayImport[layer] ?? [])];
    for (const target of importsOf(file)) {
      if (!allowed.includes(layerOf(target)))
        faults.push(`${relative(source, file)} imports ${relative(source, target)}`);
    }
  }
  expect(faults).toEqual([]);
});

test('a filter imports nothing of another filter but through its own folder', () => {
  const filters = join(source, 'middleware');
  const faults: string[] = [];
  for (const file of filesBelow(filters)) {
    for (const target of importsOf(file)) {
      if (layerOf(target) !== 'middleware') continue;
      const folder = dirname(file);
      const ownFolder = folder === filters ? join(filters, file.slice(filters.length + 1, -'.ts'.length)) : folder;
      if (!target.startsWith(`${ownFolder}/`))
        faults.push(`${relative(source, file)} imports ${relative(source, target)}`);
    }
  }
  expect(faults).toEqual([]);
});

test('no module is reached from itself through its imports at run time', () => {
  const graph = new Map(filesBelow(source).map((file) => [file, runtimeImportsOf(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].map((path) => relative(source, path)).join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

/** Imports that remain once types are stripped. */
function runtimeImportsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const statements = [...text.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)\s*from\s*'(\.[^']+)'/gms)];
  return statements.map((match) => resolve(dirname(path), match[2] as string));
}
