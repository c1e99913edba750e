import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import { DEFAULT_CONSTRAINTS } from '../../../src/common/constraints.ts';
import { loadSwiftConf, parseSwiftConf } from '../../../src/common/swift-conf.ts';

const HASH = '[swift-hash]\nswift_hash_path_suffix = end\n';

function faultOf(text: string): ConfigError {
  try {
    parseSwiftConf(text, '/etc/swift/swift.conf');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return expect.fail('expected a ConfigError');
}

describe('hash path', () => {
  test('prefix and suffix are the bytes of the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'swift-conf-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const bytes = Buffer.from(
      '[swift-hash]\nSwift_Hash_Path_Prefix = a\xe9\xff\nswift_hash_path_suffix: 1%%;#2\n',
      'latin1',
    );
    writeFileSync(join(folder, 'swift.conf'), bytes);
    const { hashPath } = loadSwiftConf(folder);
    expect(hashPath.prefix).toEqual(Buffer.from([0x61, 0xe9, 0xff]));
    expect(hashPath.suffix.toString()).toBe('1%;#2');
  });

  test('one of them is enough, none is refused', () => {
    expect(parseSwiftConf('[swift-hash]\nswift_hash_path_prefix = a\n', 'x').hashPath.suffix.length).toBe(0);
    for (const text of ['', '[swift-hash]\n', '[swift-hash]\nswift_hash_path_prefix =\nswift_hash_path_suffix =\n']) {
      const fault = faultOf(text);
      expect(fault.message).toContain('/etc/swift/swift.conf');
      expect(fault.message).toContain('swift_hash_path_suffix');
    }
  });

  test('a file that is not there is told by its path', () => {
    expect(() => loadSwiftConf('/nowhere')).toThrow(/^\/nowhere\/swift.conf: no such file/);
  });
});

describe('policies', () => {
  interface Recorded {
    text: string;
    policies: unknown[] | null;
  }
  const golden = new URL('../../golden/swift-conf/policies.json', import.meta.url);
  const recorded = JSON.parse(readFileSync(golden, 'utf8')) as Recorded[];

  test('sections give the policies that Swift makes of them', () => {
    for (const { text, policies } of recorded) {
      if (policies === null) continue;
      const made = [...parseSwiftConf(HASH + text, 'x').policies];
      const shown = made.map((each) => [
        each.index,
        each.name,
        each.aliases,
        each.type,
        each.isDefault,
        each.isDeprecated,
      ]);
      expect(shown, text).toEqual(policies);
    }
  });

  test('sections that Swift refuses are refused, naming a line or the file', () => {
    for (const { text, policies } of recorded)
      if (policies === null) expect(faultOf(HASH + text).file, text).toBeDefined();
  });

  test('without sections there is one policy, Policy-0', () => {
    const { policies } = parseSwiftConf(HASH, 'x');
    expect([...policies]).toEqual([policies.default]);
    expect(policies.default).toMatchObject({ index: 0, name: 'Policy-0', isDefault: true, type: 'replication' });
  });

  test('names and aliases are found ignoring case', () => {
    const { policies } = parseSwiftConf(`${HASH}[storage-policy:0]\nname = Gold\naliases = yellow, Orange\n`, 'x');
    for (const name of ['gold', 'YELLOW', 'orange']) expect(policies.byName(name)?.index).toBe(0);
    expect(policies.byName('red')).toBeUndefined();
    expect(policies.get(1)).toBeUndefined();
  });

  test('an erasure coding scheme is read with its defaults', () => {
    const options =
      'name = ec\npolicy_type = erasure_coding\nec_type = isa\nec_num_data_fragments = 4\nec_num_parity_fragments = 2\n';
    const { policies } = parseSwiftConf(`${HASH}[storage-policy:0]\n${options}`, 'x');
    expect(policies.default.erasureCoding).toEqual({
      ec_type: 'isa',
      ec_num_data_fragments: 4,
      ec_num_parity_fragments: 2,
      ec_object_segment_size: 1048576,
      ec_duplication_factor: 1,
    });
  });

  test('every fault is told with its line, key and what was expected', () => {
    const text = `${HASH}[storage-policy:0]
name = bad name
deprecatd = yes
[storage-policy:1]
name = ec
policy_type = erasure_coding
ec_type = isa
ec_num_data_fragments = four
ec_num_parity_fragments = 2
`;
    const fault = faultOf(text);
    expect(fault.faults).toHaveLength(4);
    expect(fault.message).toMatch(/swift.conf:4: \[storage-policy:0\] name: expected letters, digits and '-'/);
    expect(fault.message).toMatch(/swift.conf:5: \[storage-policy:0\] deprecatd: .*did you mean deprecated\?/);
    expect(fault.message).toMatch(
      /swift.conf:10: \[storage-policy:1\] ec_num_data_fragments: expected an integer of 1 or more/,
    );
    expect(fault.message).toMatch(/expected default = yes in exactly one policy section/);
  });

  test('a policy that is the only one may not be deprecated', () => {
    expect(faultOf(`${HASH}[storage-policy:0]\nname = a\ndeprecated = yes\n`)).toMatchObject({
      key: 'deprecated',
      line: 5,
    });
  });

  test('an option of erasure coding is refused for a replicated policy', () => {
    expect(faultOf(`${HASH}[storage-policy:0]\nname = a\nec_type = isa\n`)).toMatchObject({ key: 'ec_type', line: 5 });
  });
});

describe('constraints', () => {
  test('what the file does not say has the usual value', () => {
    expect(parseSwiftConf(HASH, 'x').constraints).toEqual(DEFAULT_CONSTRAINTS);
  });

  test('numbers, texts and lists are read by their types', () => {
    const text = `${HASH}[swift-constraints]\nmax_file_size = 10\nvalid_api_versions = v1, v2\nauto_create_account_prefix = -\n`;
    expect(parseSwiftConf(text, 'x').constraints).toEqual({
      ...DEFAULT_CONSTRAINTS,
      max_file_size: 10,
      valid_api_versions: ['v1', 'v2'],
      auto_create_account_prefix: '-',
    });
  });

  test('a value of the wrong type tells line, key and what was expected; all of them at once', () => {
    const fault = faultOf(`${HASH}[swift-constraints]\nmax_file_size = big\nmax_meta_count = -1\n`);
    expect(fault.faults.map(({ key, line }) => [key, line])).toEqual([
      ['max_file_size', 4],
      ['max_meta_count', 5],
    ]);
    expect(fault.message).toContain('expected an integer of 0 or more, not "big"');
  });

  test('faults of different parts of the file are told together', () => {
    const fault = faultOf('[storage-policy:0]\nname = a b\n[swift-constraints]\nmax_file_size = big\n');
    expect(fault.faults).toHaveLength(3);
  });

  test('an unknown constraint is a warning with the nearest name', () => {
    const { warnings } = parseSwiftConf(`${HASH}[swift-constraints]\nmax_filesize = 10\n`, '/etc/swift/swift.conf');
    expect(warnings).toEqual([
      '/etc/swift/swift.conf:4: [swift-constraints] max_filesize: no such option, it is ignored; did you mean max_file_size?',
    ]);
  });

  test('references are expanded against the section and [DEFAULT]', () => {
    const text = `[DEFAULT]\nbase = 5\n${HASH}[swift-constraints]\nmax_meta_count = %(base)s0\n`;
    expect(parseSwiftConf(text, 'x').constraints.max_meta_count).toBe(50);
  });
});
