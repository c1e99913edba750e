import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { APUS_VERSION } from '../../../src/common/version.ts';

test('the version that is told is that of the package', () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(APUS_VERSION);
});
