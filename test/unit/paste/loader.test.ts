import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import type { Conf, Handler } from '../../../src/http/contract.ts';
import type { BuiltinEntryPoint, EntryPointTable, Protocol } from '../../../src/paste/entry-point-table.ts';
import { appConfig, loadApp, loadFilter, loadServer, type LoadOptions } from '../../../src/paste/loader.ts';
import { testHost } from './test-host.ts';

const calls: { name: string; args: readonly unknown[] }[] = [];
const handler: Handler = async () => {
  throw new Error('never asked');
};

function entryPoint(protocol: Protocol, name: string, result: unknown): BuiltinEntryPoint {
  const factory = (...args: unknown[]): unknown => {
    calls.push({ name, args });
    return result;
  };
  return { protocol, attribute: 'factory', load: async () => ({ factory }) };
}

const table: EntryPointTable = {
  packages: {
    kit: {
      name: 'kit',
      entryPoints: {
        app: entryPoint('paste.app_factory', 'app', handler),
        composite: entryPoint('paste.composite_factory', 'composite', handler),
        filter: entryPoint('paste.filter_factory', 'filter', () => handler),
        filter_app: entryPoint('paste.filter_app_factory', 'filter_app', handler),
        server: entryPoint('paste.server_factory', 'server', () => 'served'),
        runner: entryPoint('paste.server_runner', 'runner', 'ran'),
      },
      unavailable: new Set(),
    },
  },
  modules: {},
};
const host = testHost();
const options: LoadOptions = { host, entryPoints: table };

function config(text: string, others: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'paste-loader-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries({ 'main.ini': text, ...others }))
    writeFileSync(join(folder, name), content);
  return `config:${folder}/main.ini`;
}

async function faultOf(loading: Promise<unknown>): Promise<ConfigError> {
  const error = await loading.then(
    () => expect.fail('expected a ConfigError'),
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigError) return error;
  throw error;
}

test('every factory gets its settings and, last, the host', async () => {
  calls.length = 0;
  const uri = config(`[pipeline:main]
pipeline = f fa c
[filter:f]
use = egg:kit#filter
x = 1
[filter:fa]
use = egg:kit#filter_app
[composite:c]
use = egg:kit#composite
[server:main]
use = egg:kit#server
[server:run]
use = egg:kit#runner
`);
  await loadApp(uri, options);
  expect(await (await loadServer(uri, options))(handler)).toBe('served');
  expect(await (await loadServer(uri, { ...options, name: 'run' }))(handler)).toBe('ran');
  expect(calls.map(({ name }) => name)).toEqual(['composite', 'filter', 'filter_app', 'server', 'runner']);
  for (const { args } of calls) expect(args.at(-1)).toBe(host);
  expect({ ...(calls[1]?.args[1] as Conf) }).toEqual({ x: '1' });
  expect(calls[2]?.args[0]).toBe(handler);
  expect(calls[4]?.args[0]).toBe(handler);
});

test('settings of one factory are not those of another, and have no prototype', async () => {
  calls.length = 0;
  const uri = config('[filter:main]\nuse = egg:kit#filter\n__proto__ = x\n');
  await loadFilter(uri, options);
  await loadFilter(uri, options);
  const [first, second] = calls.map(({ args }) => args[1] as Conf);
  expect(first).not.toBe(second);
  expect(Object.getPrototypeOf(first)).toBeNull();
  expect(first?.['__proto__']).toBe('x');
});

test('a urlmap that mounts itself is told as a cycle, not followed for ever', async () => {
  const fault = await faultOf(loadApp(config('[composite:main]\nuse = egg:Paste#urlmap\n/x = main\n'), options));
  expect(fault.code).toBe('recursion');
  expect(fault.message).toContain('[composite:main] -> [composite:main]');
});

test('files that use each other are told as a cycle', async () => {
  const uri = config('[app:main]\nuse = config:other.ini\n', { 'other.ini': '[app:main]\nuse = config:main.ini\n' });
  expect((await faultOf(loadApp(uri, options))).code).toBe('recursion');
});

test('an error tells the sections that led there', async () => {
  const uri = config(
    '[pipeline:main]\npipeline = f a\n[filter:f]\nuse = egg:kit#filter\n[app:a]\nuse = b\n[app:b]\nuse = egg:kit#nosuch\n',
  );
  const fault = await faultOf(appConfig(uri, { entryPoints: table }));
  expect(fault).toMatchObject({ code: 'entry-point-missing', section: 'app:b', key: 'use', line: 8 });
  expect(fault.message).toMatch(/:8: \[app:b\] use: the package kit has no entry point nosuch/);
});

test('a missing section tells who asks for it, and who asks for that', async () => {
  const fault = await faultOf(loadApp(config('[app:main]\nuse = a\n[app:a]\nuse = b\n'), options));
  expect(fault.chain.map(({ section }) => section)).toEqual(['app:main']);
  expect(fault.message).toMatch(
    /:4: \[app:a\] use: expected a section \[app:b\].*\n {2}referred to from .*:2: \[app:main\] use/,
  );
});

test('all faults of a pipeline are told, its app first', async () => {
  const fault = await faultOf(loadApp(config('[pipeline:main]\npipeline = one two three\n'), options));
  expect(fault.faults.map(({ wanted }) => wanted)).toEqual(['three', 'one', 'two']);
});

test('the own error of a factory is the cause, and its section is named', async () => {
  const own = new TypeError('no disk');
  const broken: EntryPointTable = {
    packages: {
      kit: {
        name: 'kit',
        entryPoints: {
          app: {
            protocol: 'paste.app_factory',
            attribute: 'factory',
            load: async () => ({
              factory: () => {
                throw own;
              },
            }),
          },
        },
        unavailable: new Set(),
      },
    },
    modules: {},
  };
  const fault = await faultOf(loadApp(config('[app:main]\nuse = egg:kit#app\n'), { host, entryPoints: broken }));
  expect(fault).toMatchObject({ code: 'factory-raised', section: 'app:main', cause: own });
  expect(fault.message).toContain('no disk');
});

test('a folder where a file is expected is refused with its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'paste-loader-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const fault = await faultOf(loadApp(`config:${folder}`, options));
  expect(fault).toMatchObject({ code: 'file-unreadable', family: 'system', file: folder });
});

test('an installed package cannot take the place of a built-in one', async () => {
  const fault = await faultOf(loadApp('egg:Kit#nosuch', options));
  expect(fault.code).toBe('entry-point-missing');
  expect(fault.candidates).toEqual(['app', 'composite']);
});

test('the name of a filter where an app is expected is told as such', async () => {
  const fault = await faultOf(loadApp('egg:kit#filter', options));
  expect(fault.message).toContain('it is the name of a filter');
});
