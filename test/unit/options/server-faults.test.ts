import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { builtinEntryPoints } from '../../../src/builtins.ts';
import { ConfigError } from '../../../src/common/config-error.ts';
import { loadServerApp } from '../../../src/paste/server-app.ts';
import { testHost } from '../paste/test-host.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apus-options-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What loading a server's config with these options tells. */
async function faultsOf(appName: string, options: string): Promise<readonly string[]> {
  const configPath = join(folder, 'server.conf');
  const egg = appName.replace('-server', '');
  writeFileSync(
    configPath,
    `[DEFAULT]\nbind_port = 1\n[pipeline:main]\npipeline = ${appName}\n[app:${appName}]\nuse = egg:swift#${egg}\n${options}`,
  );
  const loading = loadServerApp({ configPath, appName, entryPoints: builtinEntryPoints, makeHost: () => testHost() });
  const fault: unknown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof ConfigError)) throw new Error(`${appName} started`, { cause: fault });
  const faults = fault.faults.length > 0 ? fault.faults : [fault];
  return faults.map(({ message }) => (message.split('\n')[0] as string).replace(`${folder}/`, ''));
}

test.each([
  ['account-server', 'fallocate_reserve', 'much', 'a number of bytes, or a percentage of the device'],
  ['container-server', 'conn_timeout', 'soon', 'a number of seconds'],
  ['container-server', 'log_format', '{nonsense}', 'fields of the access line, of which {nonsense} is none'],
  ['object-server', 'disk_chunk_size', '64k', 'a number of bytes of 1 or more'],
  ['object-server', 'expiring_objects_container_divisor', '0', 'a number of seconds of 1 or more'],
  ['proxy-server', 'node_timeout', '', 'a number of seconds'],
  ['proxy-server', 'sorting_method', 'luck', 'shuffle or timing or affinity'],
])(
  'the %s tells where an option %s = %s stands that is none, and what was expected',
  async (app, key, value, expected) => {
    const [fault, ...others] = await faultsOf(app, `# a comment\n${key} = ${value}\n`);
    expect(fault).toBe(`server.conf:8: [app:${app}] ${key}: expected ${expected}, not ${JSON.stringify(value)}`);
    expect(others).toEqual([]);
  },
);

test.each(['account-server', 'container-server', 'object-server'])(
  'the %s tells all its faults at once',
  async (app) => {
    const faults = await faultsOf(app, 'fallocate_reserve = 101%\nlog_format = {x}\n');
    expect(faults.map((fault) => fault.split(' ').slice(0, 3))).toEqual([
      ['server.conf:7:', `[app:${app}]`, 'fallocate_reserve:'],
      ['server.conf:8:', `[app:${app}]`, 'log_format:'],
    ]);
  },
);

test("the proxy tells the faults of its own section and of a policy's at once", async () => {
  const faults = await faultsOf('proxy-server', 'conn_timeout = x\n[proxy-server:policy:0]\nread_affinity = here\n');
  expect(faults.map((fault) => fault.split(' ').slice(0, 3))).toEqual([
    ['server.conf:7:', '[app:proxy-server]', 'conn_timeout:'],
    ['server.conf:9:', '[proxy-server:policy:0]', 'read_affinity:'],
  ]);
});
