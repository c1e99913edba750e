import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import type { Host, Logger } from '../../../src/common/host.ts';
import type { AppFactory, ConfSpec, FilterFactory, Handler } from '../../../src/http/contract.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { textResponse } from '../../../src/http/response.ts';
import { readConf } from '../../../src/common/conf-spec.ts';
import type { EntryPointTable } from '../../../src/paste/entry-point-table.ts';
import { loadServerApp, readServerConfig, type ServerApp } from '../../../src/paste/server-app.ts';
import { pipelineOf } from '../../../src/paste/swift-loader.ts';
import { stubSwiftTable } from './stub-swift.ts';
import { silentLogger, testHost } from './test-host.ts';

const PROXY = '[app:proxy-server]\nuse = egg:swift#proxy\n';

/** Writes files into a folder of the test's own; returns it. */
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'paste-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

interface Given {
  table?: EntryPointTable;
  serverSpec?: ConfSpec;
  files?: Record<string, string>;
  makeHost?: () => Host;
}

async function load(text: string, given: Given = {}): Promise<ServerApp> {
  const folder = folderOf({ 'proxy-server.conf': text, ...given.files });
  return loadServerApp({
    configPath: join(folder, 'proxy-server.conf'),
    appName: 'proxy-server',
    entryPoints: given.table ?? stubSwiftTable(),
    makeHost: given.makeHost ?? testHost,
    serverSpec: given.serverSpec,
  });
}

async function faultOf(loading: Promise<unknown>): Promise<ConfigError> {
  const error = await loading.then(
    () => expect.fail('expected a ConfigError'),
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigError) return error;
  throw error;
}

const optionSpec = {
  delay: { type: 'seconds', default: 1, doc: '' },
  size: { type: 'bytes', default: 1, doc: '' },
} as const;
const readingFilter: FilterFactory = (globalConf, localConf) => {
  readConf(optionSpec, globalConf, localConf);
  return (app) => async (req) => app(req);
};

describe('what a server gets', () => {
  test('the app section tells the settings and the log name, which every filter gets as a global', async () => {
    const seen: string[] = [];
    const filterFactory: FilterFactory = (globalConf) => {
      seen.push(globalConf['log_name'] ?? '');
      return (app) => async (req) => app(req);
    };
    const table = stubSwiftTable({ healthcheck: { filterFactory } as object });
    const text = `[DEFAULT]\nbind_port = 8080\nworkers = 2\n[pipeline:main]\npipeline = hc proxy-server\n[filter:hc]\nuse = egg:swift#healthcheck\nlog_name = mine\n${PROXY}workers = 8\nset log_name = front\n`;
    const app = await load(text, { table });
    expect(app.logName).toBe('front');
    expect(app.appConf).toMatchObject({ bind_port: '8080', workers: '2', log_name: 'front', __name__: 'proxy-server' });
    expect(seen).toEqual(['front']);
  });

  test('a filter whose section has log options of its own writes to a log of its own, what stands behind it does not', async () => {
    const lines: string[] = [];
    const named = (name: string, transaction: string): Logger => ({
      ...silentLogger,
      warn: (message) => lines.push(`${name}${transaction} ${message}`),
      withTransaction: (id) => named(name, ` ${id}`),
      withOptions: (conf) => named(`${name}+${JSON.stringify(conf)}`, transaction),
    });
    const says =
      (name: string): FilterFactory =>
      (_global, _local, host) => {
        host.log.warn(`${name} made`);
        return (app) => async (req) => {
          req.log.warn(`${name} before`);
          const res = await app(req);
          req.log.warn(`${name} after`);
          return res;
        };
      };
    const appFactory: AppFactory = () => async (req) => {
      req.log.warn('app');
      return textResponse(200, '');
    };
    const table = stubSwiftTable({
      healthcheck: { filterFactory: says('hc') } as object,
      tempauth: { filterFactory: says('auth') } as object,
      container: { appFactory } as object,
    });
    const text = `[DEFAULT]\nlog_level = INFO\n[pipeline:main]\npipeline = auth hc proxy-server\n[filter:auth]\nuse = egg:swift#tempauth\nset log_level = DEBUG\nset log_name = door\n[filter:hc]\nuse = egg:swift#healthcheck\n[app:proxy-server]\nuse = egg:swift#container\n`;
    const { handler } = await load(text, { table, makeHost: () => ({ ...testHost(), log: named('server', '') }) });
    const req = new SwiftRequest({ method: 'GET', target: '/', log: named('request', ' tx'), env: { transId: 'tx' } });
    await handler(req);
    const own = 'server+{"log_level":"DEBUG","log_name":"door"}';
    expect(lines.sort()).toEqual(
      [
        `${own} auth made`,
        'server hc made',
        `${own} tx auth before`,
        'request tx hc before',
        'request tx app',
        'request tx hc after',
        `${own} tx auth after`,
      ].sort(),
    );
  });

  test('a .conf.d folder works like one file', async () => {
    const folder = folderOf({
      'x.conf.d/10.conf': `[DEFAULT]\nbind_port = 1\n[pipeline:main]\npipeline = proxy-server\n`,
      'x.conf.d/20.conf': `[DEFAULT]\nbind_port = 2\n${PROXY}`,
    });
    const entryPoints = stubSwiftTable();
    const { appConf } = await readServerConfig(join(folder, 'x.conf.d'), 'proxy-server', entryPoints);
    expect(appConf['bind_port']).toBe('2');
  });

  test('a file that a .conf.d folder refers to is looked for beside the folder, a module beside the file that names it', async () => {
    const folder = folderOf({
      'x.conf.d/10.conf': `[pipeline:main]\npipeline = f proxy-server\n[filter:f]\npaste.filter_factory = ./f.ts:filterFactory\n[app:proxy-server]\nuse = config:other.ini#app\n`,
      'x.conf.d/f.ts': 'export const filterFactory = () => (app: unknown) => app;\n',
      'other.ini': `[app:app]\nuse = egg:swift#object\nwhich = beside\n`,
    });
    const configPath = join(folder, 'x.conf.d');
    const app = await loadServerApp({
      configPath,
      appName: 'proxy-server',
      entryPoints: stubSwiftTable(),
      makeHost: testHost,
    });
    expect(app.appConf['which']).toBe('beside');
    expect(app.pipeline).toEqual(['f', 'proxy-server']);
  });

  test('requests go through the pipeline in the order that the file gives', async () => {
    const mark =
      (name: string): FilterFactory =>
      () =>
      (app) =>
      async (req) => {
        req.headers.append('x-way', name);
        return app(req);
      };
    const appFactory: AppFactory = () => async (req) => textResponse(200, req.headers.get('x-way') ?? '');
    const table = stubSwiftTable({
      healthcheck: { filterFactory: mark('a') } as object,
      tempauth: { filterFactory: mark('b') } as object,
      container: { appFactory } as object,
    });
    const text = `[pipeline:main]\npipeline = one two proxy-server\n[filter:one]\nuse = egg:swift#tempauth\n[filter:two]\nuse = egg:swift#healthcheck\n[app:proxy-server]\nuse = egg:swift#container\n`;
    const { handler, pipeline } = await load(text, { table });
    const res = await handler(new SwiftRequest({ method: 'GET', target: '/', log: silentLogger }));
    expect(await res.text()).toBe('b,a');
    expect(pipeline).toEqual(['one', 'two', 'proxy-server']);
  });

  test('the innermost proxy-logging has a short pipeline of its own around the app', async () => {
    const text = `[pipeline:main]\npipeline = log proxy-server\n[filter:log]\nuse = egg:swift#proxy_logging\n[app:proxy-server]\nuse = egg:swift#object\n`;
    const { handler } = await load(text);
    const info = pipelineOf(handler);
    expect(info?.handlers).toHaveLength(2);
    expect(info?.requestLoggingApp).not.toBe(info?.finalApp);
    expect(info?.requestLoggingApp).not.toBe(handler);
    expect(pipelineOf(info!.requestLoggingApp)?.handlers).toEqual([info?.requestLoggingApp, info?.finalApp]);
  });
});

test('a filter finds its pipeline by the app that it was given', async () => {
  let given: Handler | undefined;
  const filterFactory: FilterFactory = () => (app) => {
    given = app;
    return async (req) => app(req);
  };
  const table = stubSwiftTable({ healthcheck: { filterFactory } as object });
  const text = `[pipeline:main]\npipeline = hc proxy-server\n[filter:hc]\nuse = egg:swift#healthcheck\n[app:proxy-server]\nuse = egg:swift#object\n`;
  const { handler } = await load(text, { table });
  expect(pipelineOf(given!)).toBe(pipelineOf(handler));
});

describe('filters that Swift adds', () => {
  test('the proxy gets what is missing; those that are not available are left out with a warning', async () => {
    const table = stubSwiftTable({}, ['copy', 'dlo', 'versioned_writes']);
    const app = await load(`[pipeline:main]\npipeline = proxy-server\n${PROXY}`, { table });
    expect(app.pipeline).toEqual(['catch_errors', 'gatekeeper', 'listing_formats', 'proxy-server']);
    expect(app.inserted.map(({ name }) => name)).toEqual(['listing_formats', 'gatekeeper', 'catch_errors']);
    for (const name of ['copy', 'dlo', 'versioned_writes']) {
      expect(app.warnings.filter((warning) => warning.startsWith(`${name} is left out`))).toHaveLength(1);
    }
  });

  test('a storage server gets none', async () => {
    const app = await load(`[pipeline:main]\npipeline = proxy-server\n[app:proxy-server]\nuse = egg:swift#object\n`);
    expect(app.pipeline).toEqual(['proxy-server']);
  });
});

describe('refused', () => {
  test('filters that are named and not available are all told, with section and line', async () => {
    const table = stubSwiftTable({}, ['slo', 'dlo', 'copy', 'versioned_writes']);
    const text = `[pipeline:main]\npipeline = slo healthcheck dlo proxy-server\n[filter:slo]\nuse = egg:swift#slo\n[filter:healthcheck]\nuse = egg:swift#healthcheck\n[filter:dlo]\npaste.filter_factory = nosuch.module:thing\n${PROXY}`;
    const fault = await faultOf(load(text, { table }));
    expect(fault.faults.map(({ code, line, section }) => [code, line, section])).toEqual([
      ['entry-point-unavailable', 4, 'filter:slo'],
      ['module-missing', 8, 'filter:dlo'],
    ]);
    expect(fault.message.split('\n')[0]).toContain('not available here: slo');
  });

  test('options of all filters that cannot be read are told at once, each with its own line', async () => {
    const table = stubSwiftTable({
      healthcheck: { filterFactory: readingFilter } as object,
      tempauth: { filterFactory: readingFilter } as object,
    });
    const text = `[DEFAULT]\nsize = huge\n[pipeline:main]\npipeline = one two proxy-server\n[filter:one]\nuse = egg:swift#healthcheck\ndelay = long\n[filter:two]\nuse = egg:swift#tempauth\n[app:proxy-server]\nuse = egg:swift#object\n`;
    const fault = await faultOf(load(text, { table }));
    expect(fault.faults.map(({ section, key, line }) => `${section} ${key} ${line}`).sort()).toEqual([
      'DEFAULT size 2',
      'filter:one delay 7',
    ]);
    expect(fault.message).toContain('expected a number of seconds, not "long"');
  });

  test('a missing pipeline item tells who names it, where, and what it may have meant', async () => {
    const fault = await faultOf(
      load(
        `[pipeline:main]\npipeline = helthcheck proxy-server\n[filter:healthcheck]\nuse = egg:swift#healthcheck\n${PROXY}`,
      ),
    );
    expect(fault).toMatchObject({ code: 'section-missing', section: 'pipeline:main', key: 'pipeline', line: 2 });
    expect(fault.message).toContain('did you mean healthcheck?');
  });

  test('a filter factory that returns nothing is told so', async () => {
    const filterFactory = (() => undefined) as unknown as FilterFactory;
    const table = stubSwiftTable({ healthcheck: { filterFactory } as object });
    const text = `[pipeline:main]\npipeline = hc proxy-server\n[filter:hc]\nuse = egg:swift#healthcheck\n[app:proxy-server]\nuse = egg:swift#object\n`;
    const fault = await faultOf(load(text, { table }));
    expect(fault).toMatchObject({ code: 'factory-result', section: 'filter:hc' });
    expect(fault.message).toContain('is a return missing?');
  });

  test('what is wrong is told before a host is made', async () => {
    const folder = folderOf({ 'a.conf': `[pipeline:main]\npipeline = nobody proxy-server\n${PROXY}` });
    const makeHost = (): never => expect.fail('a host was made');
    const options = {
      configPath: join(folder, 'a.conf'),
      appName: 'proxy-server',
      entryPoints: stubSwiftTable(),
      makeHost,
    };
    expect((await faultOf(loadServerApp(options))).code).toBe('section-missing');
  });

  test('a config without the app section or that is not there names the path', async () => {
    const folder = folderOf({ 'a.conf': '[DEFAULT]\n' });
    const fault = await faultOf(readServerConfig(join(folder, 'a.conf'), 'object-server', stubSwiftTable()));
    expect(fault).toMatchObject({ code: 'config-file', file: join(folder, 'a.conf') });
    expect(fault.message).toContain('[app:object-server]');
    expect((await faultOf(readServerConfig('/nowhere/x.conf', 'object-server', stubSwiftTable()))).message).toBe(
      '/nowhere/x.conf: no such file or folder',
    );
  });
});

describe('warnings', () => {
  test('an unknown option of a filter is told with its line and the nearest name', async () => {
    const table = stubSwiftTable({ healthcheck: { filterFactory: readingFilter, confSpec: optionSpec } as object });
    const text = `[pipeline:main]\npipeline = hc proxy-server\n[filter:hc]\nuse = egg:swift#healthcheck\ndelya = 2\nset log_level = DEBUG\nset siez = 4\n[app:proxy-server]\nuse = egg:swift#object\nodd = 1\n`;
    const { warnings } = await load(text, { table });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /proxy-server.conf:5: \[filter:hc\] delya: not supported here, it is ignored; did you mean delay\?$/,
    );
    expect(warnings[1]).toMatch(/proxy-server.conf:7: \[filter:hc\] set siez: .*did you mean size\?$/);
  });

  test("the app's section is checked against the app and the server together, without options that mean nothing here", async () => {
    const table = stubSwiftTable({ proxy: { confSpec: optionSpec } });
    const serverSpec: ConfSpec = { bind_port: { type: 'integer', doc: '' } };
    const text = `[pipeline:main]\npipeline = proxy-server\n${PROXY}bind_port = 1\ndelay = 2\neventlet_debug = true\nbind_prot = 3\n`;
    const { warnings } = await load(text, { table, serverSpec });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('bind_prot: not supported here, it is ignored; did you mean bind_port?');
  });

  test('a slip in [DEFAULT] is told; variables and what daemons may read are not', async () => {
    const serverSpec: ConfSpec = { bind_port: { type: 'integer', doc: '' } };
    const text = `[DEFAULT]\nbind_prot = 1\nbind_base = /srv\nbind_pork = x\nrecon_cache_path = /x\n[pipeline:main]\npipeline = proxy-server\n[app:proxy-server]\nuse = egg:swift#object\ndevices = %(bind_base)s/%(bind_pork)s\n`;
    const { warnings } = await load(text, { table: stubSwiftTable(), serverSpec });
    expect(warnings).toEqual([
      expect.stringMatching(/:2: \[DEFAULT\] bind_prot: not supported here, it is ignored; did you mean bind_port\?/),
    ]);
  });

  test('a plain key that [DEFAULT] hides is told with what to write instead', async () => {
    const text = `[DEFAULT]\nclient_timeout = 30\n[pipeline:main]\npipeline = proxy-server\n[app:proxy-server]\nuse = egg:swift#object\nclient_timeout = 60\n`;
    const { warnings } = await load(text);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/:7: \[app:proxy-server\] client_timeout: has no effect.*"set client_timeout = 60"/);
  });

  test('filters in an odd order are told with the reason', async () => {
    const table = stubSwiftTable({
      gatekeeper: { order: { after: ['catch_errors'], before: ['tempauth'], why: 'it guards' } },
    });
    const sections = ['catch_errors', 'gatekeeper', 'tempauth']
      .map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`)
      .join('');
    const odd = await load(
      `[pipeline:main]\npipeline = tempauth gatekeeper catch_errors proxy-server\n${sections}[app:proxy-server]\nuse = egg:swift#object\n`,
      { table },
    );
    expect(odd.warnings).toEqual([
      expect.stringContaining('gatekeeper should stand behind catch_errors: it guards'),
      expect.stringContaining('gatekeeper should stand before tempauth: it guards'),
    ]);
    const good = await load(
      `[pipeline:main]\npipeline = catch_errors gatekeeper tempauth proxy-server\n${sections}[app:proxy-server]\nuse = egg:swift#object\n`,
      { table },
    );
    expect(good.warnings).toEqual([]);
  });

  test('a keyword in [DEFAULT] is told', async () => {
    const text = `[DEFAULT]\nfilter-with = x\n[app:main]\nuse = egg:swift#object\n${PROXY}`;
    const { warnings } = await load(text);
    expect(warnings).toEqual([expect.stringMatching(/:2: \[DEFAULT\] filter-with: in \[DEFAULT\] it hides/)]);
  });
});
