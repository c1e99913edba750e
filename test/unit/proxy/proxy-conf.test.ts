import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import { loadSwiftConf } from '../../../src/common/swift-conf.ts';
import { policySections } from '../../../src/proxy/policy-sections.ts';
import { parseProxyConf } from '../../../src/proxy/proxy-conf.ts';
import { confSpec } from '../../../src/proxy/proxy-conf-spec.ts';

describe("the proxy's options", () => {
  test("have Swift's defaults", () => {
    const conf = parseProxyConf({});
    expect(conf).toMatchObject({
      recheckAccountExistenceSec: 60,
      recheckContainerExistenceSec: 60,
      nodeTimeoutMs: 10_000,
      recoverableNodeTimeoutMs: 10_000,
      connectTimeoutMs: 500,
      concurrencyTimeoutMs: 500,
      postQuorumTimeoutMs: 500,
      errorSuppressionIntervalSec: 60,
      errorSuppressionLimit: 10,
      allowAccountManagement: false,
      accountAutocreate: false,
      concurrentGets: false,
      sortingMethod: 'shuffle',
      strictCorsMode: true,
      exposeInfo: true,
      rebalanceMissingSuppressionCount: 1,
      isLocalForWrites: null,
      writeAffinityHandoffDeleteCount: null,
    });
    expect(conf.requestNodeCount(3)).toBe(6);
    expect(conf.swiftOwnerHeaders).toContain('x-container-sync-key');
  });

  test('follow others where they are not given', () => {
    const conf = parseProxyConf({ node_timeout: '4', conn_timeout: '2' });
    expect([conf.recoverableNodeTimeoutMs, conf.concurrencyTimeoutMs]).toEqual([4000, 2000]);
  });

  test('count nodes absolutely or by replicas', () => {
    expect(parseProxyConf({ request_node_count: '5' }).requestNodeCount(3)).toBe(5);
    expect(parseProxyConf({ request_node_count: '3 * Replicas' }).requestNodeCount(3)).toBe(9);
  });

  test('may differ by policy', () => {
    const sections = new Map([[1, { sorting_method: 'affinity', read_affinity: 'r1=1', concurrent_gets: 'yes' }]]);
    const conf = parseProxyConf({ rebalance_missing_suppression_count: '2' }, sections);
    expect(conf.forPolicy(0).sortingMethod).toBe('shuffle');
    expect(conf.forPolicy(1)).toMatchObject({
      sortingMethod: 'affinity',
      concurrentGets: true,
      rebalanceMissingSuppressionCount: 2,
    });
  });

  test.each([
    ['max_containers_per_account', 'maxContainersPerAccount', 0],
    ['expiring_objects_account_name', 'expiringObjectsAccountName', 'expiring_objects'],
    ['expiring_objects_container_divisor', 'expiringObjectsContainerDivisorSec', 86400],
  ] as const)('%s without a value has its default, as in Swift', (name, key, value) => {
    expect(parseProxyConf({ [name]: '' })[key]).toBe(value);
  });

  test('that Swift starts with are not refused', () => {
    const conf = parseProxyConf({ sorting_method: 'Timing', error_suppression_limit: ' -1', concurrent_gets: 'maybe' });
    expect(conf).toMatchObject({ sortingMethod: 'timing', errorSuppressionLimit: -1, concurrentGets: false });
  });

  test.each([
    ['request_node_count', '2 x replicas'],
    ['sorting_method', 'random'],
    ['node_timeout', 'soon'],
    ['node_timeout', ''],
    ['error_suppression_limit', '1.5'],
    ['write_affinity_handoff_delete_count', 'some'],
    ['read_affinity', 'here'],
    ['container_updating_shard_ranges_skip_cache_pct', '101'],
  ])('%s = %s is refused by name', (name, value) => {
    expect(() => parseProxyConf({ [name]: value })).toThrow(name);
  });

  test('are refused all at once, with the places where they stand', () => {
    const conf = { __file__: '/etc/p.conf', __name__: 'app:proxy-server', node_timeout: 'x', conn_timeout: '-1' };
    const sections = new Map([[1, { sorting_method: 'luck' }]]);
    const fault = thrown(() => parseProxyConf(conf, sections));
    expect(fault.faults.map(({ file, section, key, value }) => [file, section, key, value])).toEqual([
      ['/etc/p.conf', 'app:proxy-server', 'node_timeout', 'x'],
      ['/etc/p.conf', 'app:proxy-server', 'conn_timeout', '-1'],
      ['/etc/p.conf', 'proxy-server:policy:1', 'sorting_method', 'luck'],
    ]);
  });

  test('each have a sentence that tells their meaning', () => {
    for (const { doc } of Object.values(confSpec)) expect(doc).toMatch(/\S.*\.$/);
  });
});

function thrown(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('sections of policies', () => {
  const { policies } = loadSwiftConf(fileURLToPath(new URL('../../golden/cluster', import.meta.url)));
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'apus-proxy-conf-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function read(path: string | undefined): Record<string, unknown> {
    return Object.fromEntries(
      [...policySections(path, 'proxy-server', policies)].map(([index, conf]) => [index, { ...conf }]),
    );
  }

  test("are read from the proxy's own file, over its defaults", () => {
    const path = join(folder, 'proxy-server.conf');
    writeFileSync(
      path,
      '[DEFAULT]\nread_affinity = r1=1\n[app:proxy-server]\nuse = x\n[proxy-server:policy:1]\nsorting_method = timing\n',
    );
    expect(read(path)).toEqual({ 1: { read_affinity: 'r1=1', sorting_method: 'timing' } });
  });

  test('may refer to the folder of the file, as may the defaults that they are over', () => {
    const path = join(folder, 'proxy-server.conf');
    writeFileSync(path, '[DEFAULT]\nswift_dir = %(here)s/var\n[proxy-server:policy:1]\nsorting_method = timing\n');
    expect(read(path)).toEqual({ 1: { swift_dir: `${folder}/var`, sorting_method: 'timing' } });
  });

  test('are read from a folder of files, a later file over an earlier', () => {
    const path = join(folder, 'proxy-server.conf.d');
    mkdirSync(path);
    writeFileSync(join(path, '10.conf'), '[proxy-server:policy:1]\nsorting_method = timing\nconcurrent_gets = on\n');
    writeFileSync(join(path, '20.conf'), '[proxy-server:policy:1]\nsorting_method = affinity\n');
    writeFileSync(join(path, '30.txt'), '[proxy-server:policy:2]\nsorting_method = affinity\n');
    expect(read(path)).toEqual({ 1: { sorting_method: 'affinity', concurrent_gets: 'on' } });
  });

  test('are none without a file', () => {
    expect(read(undefined)).toEqual({});
  });

  test('of policies that are not there are refused by name', () => {
    const path = join(folder, 'proxy-server.conf');
    writeFileSync(path, '[proxy-server:policy:77]\nsorting_method = timing\n[proxy-server:policy:gold]\n');
    const fault = thrown(() => read(path));
    expect(fault.faults.map(({ section, value }) => [section, value])).toEqual([
      ['proxy-server:policy:77', '77'],
      ['proxy-server:policy:gold', 'gold'],
    ]);
  });
});
