import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Command } from './command.ts';

const root = resolve(import.meta.dirname, '../..');

/** A folder with these files, removed after the test. */
function folderWith(files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'apus-command-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function apus(cwd: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = new Command('apus', args, { cwd });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

const SWIFT_CONF = '[swift-hash]\nswift_hash_path_suffix = changeme\n';

/** A proxy's config; the pipeline is on line 6, what is added begins on line 16. */
function proxyConf(pipeline: string, more: string, defaults = 'bind_port = 8080'): Record<string, string> {
  return {
    'swift.conf': SWIFT_CONF,
    'proxy.conf': `[DEFAULT]
${defaults}
swift_dir = %(here)s/none
user = root
[pipeline:main]
pipeline = ${pipeline}
[app:proxy-server]
use = egg:swift#proxy
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
${more}`,
  };
}

const TEMPAUTH = '[filter:tempauth]\nuse = egg:swift#tempauth\nuser_a_b = c .admin\n';

describe('apus check tells the fault, with its line, of', () => {
  const broken: readonly [what: string, files: Record<string, string>, faults: readonly string[]][] = [
    [
      'a section that the pipeline names and the file lacks',
      proxyConf('catch_errors gatekeeper cach proxy-server', ''),
      ['proxy.conf:6: [pipeline:main] pipeline: expected a section [filter:cach] in '],
    ],
    [
      'a value that is no number, and at the same time an option that nobody reads',
      proxyConf(
        'catch_errors gatekeeper cache proxy-server',
        'memcache_max_connections = many\nmemcached_servers = x\n',
      ),
      [
        'proxy.conf:16: [filter:cache] memcache_max_connections: expected an integer',
        'proxy.conf:17: [filter:cache] memcached_servers: not supported here, it is ignored; did you mean memcache_servers?',
      ],
    ],
    [
      'a filter in front of one that it needs',
      proxyConf('catch_errors gatekeeper tempauth cache proxy-server', TEMPAUTH),
      ['proxy.conf:16: [filter:tempauth]: tempauth should stand behind memcache: tokens are kept in the cache'],
    ],
    [
      'a line that is neither an option nor a section',
      proxyConf('catch_errors gatekeeper proxy-server', '[filter:x]\nuse egg swift healthcheck\n'),
      ['proxy.conf:17: '],
    ],
    [
      'a section that stands twice',
      proxyConf('catch_errors gatekeeper proxy-server', '[filter:cache]\nuse = egg:swift#memcache\n'),
      ['proxy.conf:16: '],
    ],
    [
      'an entry point that does not exist',
      proxyConf('catch_errors x proxy-server', '[filter:x]\nuse = egg:swift#heathcheck\n'),
      ['proxy.conf:17: [filter:x] use: '],
    ],
    [
      'a package that is not installed',
      proxyConf('catch_errors x proxy-server', '[filter:x]\nuse = egg:nowhere#x\n'),
      ['proxy.conf:17: [filter:x] use: '],
    ],
    [
      'a module that is not there',
      proxyConf('catch_errors x proxy-server', '[filter:x]\npaste.filter_factory = ./x.ts:filterFactory\n'),
      ['proxy.conf:17: [filter:x] paste.filter_factory: no module ./x.ts'],
    ],
    [
      'a factory that throws',
      {
        ...proxyConf(
          'catch_errors gatekeeper x proxy-server',
          '[filter:x]\npaste.filter_factory = ./x.mjs:filterFactory\n',
        ),
        'x.mjs': 'export function filterFactory() { throw new Error("no licence"); }\n',
      },
      ['proxy.conf:16: [filter:x]: ./x.mjs:filterFactory failed: no licence'],
    ],
    [
      'sections that refer to each other, and a reference to nothing in a value',
      proxyConf(
        'catch_errors x y proxy-server',
        '[filter:x]\nuse = x\n[filter:y]\nuse = egg:swift#healthcheck\ndisable_path = %(nowhere)s\n',
      ),
      ['proxy.conf:17: [filter:x] use: the sections refer to each other', 'proxy.conf:20: [filter:y] disable_path: '],
    ],
    [
      'a port that is none, in [DEFAULT]',
      proxyConf('catch_errors gatekeeper proxy-server', '', 'bind_port = http'),
      ['proxy.conf:2: [DEFAULT] bind_port: expected an integer'],
    ],
    [
      'a swift.conf without a hash suffix',
      { ...proxyConf('catch_errors gatekeeper proxy-server', ''), 'swift.conf': '[swift-hash]\n' },
      ['swift.conf:1: [swift-hash]: expected swift_hash_path_suffix'],
    ],
  ];

  test.each(broken)('%s', async (_what, files, faults) => {
    const folder = folderWith(files);
    const { code, stdout, stderr } = await apus(folder, 'check', 'proxy.conf');
    expect([code, stdout]).toEqual([1, '']);
    for (const fault of faults) expect(stderr.split('\n')).toContainEqual(expect.stringContaining(fault));
    expect(stderr).toMatch(/^\d+ faults?$/m);
  });
});

test('apus check finds nothing wrong with the configs that Apus comes with', async () => {
  for (const name of readdirSync(join(root, 'etc/swift')).filter((each) => each.endsWith('-server.conf'))) {
    const { code, stdout, stderr } = await apus(root, 'check', join('etc/swift', name));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^etc/swift/${name}: .*-server: good\\n`));
  }
});

test('apus explain tells of each part why it stands there, and of each option where its value comes from', async () => {
  const folder = folderWith(
    proxyConf('catch_errors gatekeeper cache tempauth proxy-server', TEMPAUTH, 'bind_port = 8080\nlog_level = DEBUG'),
  );
  const { code, stdout } = await apus(folder, 'explain', 'proxy.conf');
  expect(code).toBe(0);
  const parts = stdout.split(/\n\n/).filter((part) => /^ ?\d/.test(part));
  const part = (name: string): string => parts.find((each) => each.includes(`. ${name} (`)) ?? '';
  expect(parts[0]).toContain('1. catch_errors (egg:swift#catch_errors, [filter:catch_errors] at proxy.conf:10)');
  expect(part('cache')).toMatch(/memcache_servers = 127\.0\.0\.1:1 +proxy\.conf:16: \[filter:cache\]/);
  expect(part('cache')).toMatch(/memcache_max_connections = 2 +default/);
  expect(part('tempauth')).toMatch(/must stand behind .*memcache/);
  expect(part('tempauth')).toMatch(/user_a_b = \(hidden\) +proxy\.conf:19: \[filter:tempauth\]/);
  expect(part('listing_formats')).toContain(
    "added, since Swift's proxy always has it: behind catch_errors, gatekeeper, memcache",
  );
  expect(part('proxy-server')).toMatch(/bind_port = 8080 +proxy\.conf:2: \[DEFAULT\]/);
  expect(parts.at(-1)).toContain('proxy-server');
});

test('with pipeline = auto the filters stand as their modules ask, whatever the order of the file', async () => {
  const own =
    'export const order = { after: ["tempauth"], before: ["copy"] };\nexport const filterFactory = () => (app) => app;\n';
  const sections = `${TEMPAUTH}[filter:proxy-logging]\nuse = egg:swift#proxy_logging\n[filter:own]\npaste.filter_factory = ./own.mjs:filterFactory\n[filter:copy]\nuse = egg:swift#copy\n`;
  const folder = folderWith({ ...proxyConf('auto', sections), 'own.mjs': own });
  const { stdout } = await apus(folder, 'explain', 'proxy.conf');
  const names = [...stdout.matchAll(/^ ?\d+\. (\S+) \(/gm)].map((match) => match[1]);
  const given = [
    'catch_errors',
    'gatekeeper',
    'proxy-logging',
    'cache',
    'tempauth',
    'own',
    'copy',
    'proxy-logging',
    'proxy-server',
  ];
  expect(names.filter((name) => given.includes(name as string))).toEqual(given);
  expect(stdout).toContain('placed by pipeline = auto');
  expect((await apus(folder, 'check', 'proxy.conf')).stderr).toBe('');
});

test('pipeline = auto is refused where filters contradict each other', async () => {
  const filter = (order: string): string =>
    `export const order = ${order};\nexport const filterFactory = () => (app) => app;\n`;
  const folder = folderWith({
    ...proxyConf('auto', '[filter:a]\nuse = egg:two#a\n[filter:b]\nuse = egg:two#b\n'),
    'package.json':
      '{"name":"two","type":"module","entry_points":{"paste.filter_factory":{"a":"./a.mjs:filterFactory","b":"./b.mjs:filterFactory"}}}',
    'a.mjs': filter('{ before: ["b"] }'),
    'b.mjs': filter('{ before: ["a"] }'),
  });
  const { code, stderr } = await apus(folder, 'check', 'proxy.conf');
  expect(code).toBe(1);
  expect(stderr).toContain(
    'proxy.conf:6: [pipeline:main] pipeline: pipeline = auto: no order satisfies all the filters',
  );
  expect(stderr).toContain('a must stand behind b');
});

const HELLO = `import { textResponse } from 'apus/middleware';
export const appFactory = (globalConf, localConf) => async () => textResponse(200, localConf['greeting'] + ' from ' + process.pid);
`;

/** Waits for the address that `apus serve` prints. */
async function addressOf(command: Command): Promise<string> {
  await command.printed('\n');
  return /http:\S+/.exec(command.stdout)?.[0] ?? '';
}

test('apus serve runs an app of any Paste file on the address of its [server:main]', async () => {
  const ini =
    '[app:main]\npaste.app_factory = ./app.mjs:appFactory\ngreeting = hello\n[app:other]\nuse = main\ngreeting = good day\n[server:main]\nuse = egg:Paste#http\nhost = 127.0.0.1\nport = 0\n';
  const folder = folderWith({ 'api.ini': ini, 'app.mjs': HELLO });
  const main = new Command('apus', ['serve', 'api.ini'], { cwd: folder });
  expect(await (await fetch(await addressOf(main))).text()).toBe(`hello from ${main.pid}`);
  main.signal('SIGTERM');
  expect(await main.exited).toEqual({ code: 0, signal: null });
  const other = new Command('apus', ['serve', 'api.ini#other', '--port', '0'], { cwd: folder });
  expect(await (await fetch(await addressOf(other))).text()).toBe(`good day from ${other.pid}`);
});

test('apus serve with workers serves from them, replaces them at SIGUSR1, and ends at SIGHUP', async () => {
  const ini = '[app:main]\npaste.app_factory = ./app.mjs:appFactory\ngreeting = hello\n';
  const folder = folderWith({ 'api.ini': ini, 'app.mjs': HELLO });
  const command = new Command('apus', ['serve', 'api.ini', '--port', '0', '--workers', '2'], { cwd: folder });
  const url = await addressOf(command);
  const first = await (await fetch(url, { headers: { connection: 'close' } })).text();
  expect(first).not.toBe(`hello from ${command.pid}`);
  writeFileSync(join(folder, 'api.ini'), ini.replace('hello', 'welcome'));
  command.signal('SIGUSR1');
  await command.said('reloaded');
  expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toMatch(/^welcome from/);
  command.signal('SIGHUP');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});

test('apus serve with a server that the config brings along calls it with the app', async () => {
  const server = `import { createServer } from 'node:net';
export const serverRunner = (app, globalConf, localConf) => new Promise((resolve) => {
  const server = createServer((socket) => { socket.end(typeof app + ' ' + localConf.word); server.close(resolve); });
  server.listen(0, '127.0.0.1', () => console.log('listening on http://127.0.0.1:' + server.address().port));
});
`;
  const ini =
    '[app:main]\npaste.app_factory = ./app.mjs:appFactory\ngreeting = hello\n[server:main]\npaste.server_runner = ./server.mjs:serverRunner\nword = once\n';
  const folder = folderWith({ 'api.ini': ini, 'app.mjs': HELLO, 'server.mjs': server });
  const command = new Command('apus', ['serve', 'api.ini'], { cwd: folder });
  const { port } = new URL(await addressOf(command));
  const { connect } = await import('node:net');
  const socket = connect(Number(port), '127.0.0.1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe('function once');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});

test('apus serve refuses a port in use with one line', async () => {
  const folder = folderWith({ 'api.ini': '[app:main]\npaste.app_factory = ./app.mjs:appFactory\n', 'app.mjs': HELLO });
  const first = new Command('apus', ['serve', 'api.ini', '--port', '0'], { cwd: folder });
  const { port } = new URL(await addressOf(first));
  const second = await apus(folder, 'serve', 'api.ini', '--port', port);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/^apus: .*127\.0\.0\.1:\d+.*in use\n$/);
});

test('apus new-middleware writes a package whose test passes as written and which installs into a pipeline', async () => {
  const folder = folderWith(
    proxyConf(
      'catch_errors gatekeeper virus-scan proxy-server',
      '[filter:virus-scan]\nuse = egg:virus-scan#virus-scan\nmax_put_bytes = 5\n',
    ),
  );
  const made = await apus(folder, 'new-middleware', 'virus-scan');
  expect([made.code, made.stderr]).toEqual([0, '']);
  mkdirSync(join(folder, 'virus-scan/node_modules'));
  symlinkSync(root, join(folder, 'virus-scan/node_modules/apus'));
  const vitest = new Command(join(root, 'node_modules/.bin/vitest'), ['run', '--root', '.'], {
    cwd: join(folder, 'virus-scan'),
    env: { NO_COLOR: '1' },
  });
  expect((await vitest.exited).code, vitest.stdout + vitest.stderr).toBe(0);
  expect(vitest.stdout).toContain('3 passed');
  cpSync(join(folder, 'virus-scan'), join(folder, 'node_modules/virus-scan'), { recursive: true });
  expect((await apus(folder, 'check', 'proxy.conf')).stderr).toBe('');
  expect(readFileSync(join(folder, 'virus-scan/README.md'), 'utf8')).toContain('use = egg:virus-scan#virus-scan');
  const again = await apus(folder, 'new-middleware', 'virus-scan');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('is there already');
});

test('a command line that is none is told with the usage, exit code 2', async () => {
  const folder = folderWith({});
  for (const args of [
    [],
    ['chek'],
    ['check'],
    ['check', 'nowhere.conf'],
    ['new-middleware', 'No Name'],
    ['serve', 'nowhere.ini'],
  ]) {
    const { code, stderr } = await apus(folder, ...args);
    expect(code, args.join(' ')).toBe(2);
    expect(stderr.length).toBeGreaterThan(10);
  }
});
