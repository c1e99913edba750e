import { describe, expect, test } from 'vitest';
import { builtinEntryPoints } from '../../src/builtins.ts';
import type { ConfSpec } from '../../src/http/contract.ts';
import { isPattern } from '../../src/common/conf-spec.ts';
import type { BuiltinPackage, FactoryModule } from '../../src/paste/entry-point-table.ts';

const packages: readonly BuiltinPackage[] = Object.values(builtinEntryPoints.packages);
const known = new Set(packages.flatMap((each) => [...Object.keys(each.entryPoints), ...each.unavailable]));
const all = packages.flatMap((each) => Object.keys(each.entryPoints).map((name) => [each.name, name] as const));

describe.each(all)('egg:%s#%s', (packageName, name) => {
  test('its module exports the factory, what options it has and a sensible order', async () => {
    const entryPoint = builtinEntryPoints.packages[packageName]!.entryPoints[name]!;
    const module = (await entryPoint.load()) as FactoryModule & Record<string, unknown>;
    expect(module[entryPoint.attribute]).toBeTypeOf('function');
    const spec: ConfSpec | undefined = module.confSpec;
    expect(spec).toBeDefined();
    for (const [option, { default: byDefault, required, doc, choices }] of Object.entries(spec ?? {})) {
      expect(doc, option).not.toBe('');
      if (required === true || isPattern(option)) expect(byDefault, option).toBeUndefined();
      if (choices !== undefined && typeof byDefault === 'string') expect(choices, option).toContain(byDefault);
    }
    for (const other of [...(module.order?.before ?? []), ...(module.order?.after ?? [])]) {
      expect(known, `order of ${name}`).toContain(other);
      expect(other).not.toBe(name);
    }
  });
});

test('no name is both available and not', () => {
  for (const { entryPoints, unavailable } of packages) {
    for (const name of unavailable) expect(Object.keys(entryPoints)).not.toContain(name);
  }
});

test("Swift's Python module paths stand for the built-ins", () => {
  expect(builtinEntryPoints.modules['swift.common.middleware.healthcheck']).toEqual({
    package: 'swift',
    entryPoint: 'healthcheck',
  });
  expect(builtinEntryPoints.modules['swift.proxy.server']).toEqual({ package: 'swift', entryPoint: 'proxy' });
  expect(builtinEntryPoints.modules['keystonemiddleware.auth_token']).toEqual({
    package: 'keystonemiddleware',
    entryPoint: 'auth_token',
  });
  for (const { entryPoint } of Object.values(builtinEntryPoints.modules)) expect(known).toContain(entryPoint);
});
