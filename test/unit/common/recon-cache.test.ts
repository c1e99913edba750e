import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { saveRecon } from '../../../src/common/recon-cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apus-recon-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const cached = (): string => readFileSync(join(folder, 'container.recon'), 'utf8');

test('a cache is one line of ASCII JSON with sorted keys', async () => {
  await saveRecon(folder, 'container.recon', { b: 1.5, a: { z: 'é', c: null } });
  expect(cached()).toBe('{"a":{"c":null,"z":"\\u00e9"},"b":1.5}\n');
});

test('keys of others stay, objects merge one level deep, and an empty object removes its key', async () => {
  writeFileSync(
    join(folder, 'container.recon'),
    '{"other": 1, "gone": {"x": 1}, "stats": {"a": 1, "b": {"c": 1}, "d": 1}}\n',
  );
  await saveRecon(folder, 'container.recon', { gone: {}, stats: { b: { e: 2 }, d: {} } });
  expect(JSON.parse(cached())).toEqual({ other: 1, stats: { a: 1, b: { e: 2 } } });
});

test('a file that holds no JSON is begun anew', async () => {
  writeFileSync(join(folder, 'container.recon'), 'broken');
  await saveRecon(folder, 'container.recon', { a: 1 });
  expect(JSON.parse(cached())).toEqual({ a: 1 });
});

test('many writers at once lose nothing and leave no temporary file', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, at) => saveRecon(folder, 'container.recon', { [`k${at}`]: at })));
  expect(Object.keys(JSON.parse(cached()) as object)).toHaveLength(20);
  expect(readdirSync(folder)).toEqual(['container.recon']);
});

test('a folder that is not there is told', async () => {
  await expect(saveRecon(join(folder, 'nowhere'), 'container.recon', { a: 1 })).rejects.toThrow('ENOENT');
});
