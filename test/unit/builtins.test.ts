import { describe, expect, test } from 'vitest';
import { builtinEntryPoints } from '../../src/builtins.ts';
import type { ConfSpec } from '../../src/http/contract.ts';
import { isPattern } from '../../src/common/conf-spec.ts';
import type { BuiltinPackage, FactoryModule } from '../../src/paste/entry-point-table.ts';

const swift = builtinEntryPoints.packages['swift'] as BuiltinPackage;
const known = new Set([...Object.keys(swift.entryPoints), ...swift.unavailable]);

describe.each(Object.keys(swift.entryPoints))('egg:swift#%s', (name) => {
  test('its module exports the factory, what options it has and a sensible order', async () => {
    const entryPoint = swift.entryPoints[name]!;
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
  for (const name of swift.unavailable) expect(Object.keys(swift.entryPoints)).not.toContain(name);
});

test("Swift's Python module paths stand for the built-ins", () => {
  expect(builtinEntryPoints.modules['swift.common.middleware.healthcheck']).toEqual({
    package: 'swift',
    entryPoint: 'healthcheck',
  });
  expect(builtinEntryPoints.modules['swift.proxy.server']).toEqual({ package: 'swift', entryPoint: 'proxy' });
  for (const { entryPoint } of Object.values(builtinEntryPoints.modules)) expect(known).toContain(entryPoint);
});
