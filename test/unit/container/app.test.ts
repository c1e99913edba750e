import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appFactory as accountFactory } from '../../../src/account/app.ts';
import { InProcessTransport } from '../../../src/backend/in-process-transport.ts';
import { BACKEND_TRANSPORT } from '../../../src/backend/transport.ts';
import { ConfigError } from '../../../src/common/config-error.ts';
import { parseSwiftConf } from '../../../src/common/swift-conf.ts';
import { ServerHost } from '../../../src/compose/host.ts';
import { appFactory as containerFactory } from '../../../src/container/app.ts';
import { LineLog } from '../http/silent-log.ts';
import { ask, SWIFT_CONF } from './support.ts';

let devices: string;
let host: ServerHost;
let transport: InProcessTransport;
const log = new LineLog();

beforeEach(() => {
  devices = mkdtempSync(join(tmpdir(), 'apus-apps-'));
  mkdirSync(join(devices, 'sdb1'));
  transport = new InProcessTransport();
  const { policies, constraints, hashPath } = parseSwiftConf(SWIFT_CONF, 'swift.conf');
  host = new ServerHost({
    log,
    swiftDir: devices,
    policies,
    constraints,
    hashPath,
    services: [[BACKEND_TRANSPORT, transport]],
  });
});
afterEach(async () => {
  await host.close();
  rmSync(devices, { recursive: true });
});

test('a container and an account server as made from a config: databases on worker threads, account told, all closed', async () => {
  const globalConf = { devices, mount_check: 'false', fallocate_reserve: '0' };
  const account = await accountFactory(globalConf, {}, host);
  const container = await containerFactory(globalConf, {}, host);
  transport.register('127.0.0.1', 6202, account, log);
  const time = { 'x-timestamp': '1795352764.00000' };
  expect((await ask(account, 'PUT', '/sdb1/3/AUTH_a', time)).status).toBe(201);
  const headers = {
    ...time,
    'x-account-host': '127.0.0.1:6202',
    'x-account-device': 'sdb1',
    'x-account-partition': '3',
  };
  const names = Array.from({ length: 20 }, (_, at) => `c${String(at).padStart(2, '0')}`);
  const answers = await Promise.all(names.map((name) => ask(container, 'PUT', `/sdb1/1/AUTH_a/${name}`, headers)));
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
  expect((await ask(account, 'GET', '/sdb1/3/AUTH_a')).body).toBe(names.map((name) => `${name}\n`).join(''));
  const lines = log.lines.filter((line) => /"PUT \/sdb1\/1\/AUTH_a\/c07" 201/.test(line));
  expect(lines).toEqual([
    expect.stringMatching(/^info 10\.0\.0\.9 - - .* "PUT [^"]+" 201 - "-" "-" "-" \d\.\d{4} "-" \d+ 0$/),
  ]);
});

test.each<[string, string]>([
  ['fallocate_reserve', 'much'],
  ['node_timeout', 'soon'],
  ['log_format', '{nonsense}'],
])('%s = %s is refused with its place', async (name, value) => {
  const make = async (): Promise<unknown> =>
    containerFactory({ devices, __file__: '/etc/c.conf' }, { [name]: value }, host);
  const fault = await make().catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(ConfigError);
  expect((fault as Error).message).toContain('/etc/c.conf');
  expect((fault as Error).message).toContain(name);
});
