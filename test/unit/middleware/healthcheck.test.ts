import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/healthcheck.ts';
import { scratchDirectory } from '../common/scratch.ts';
import { exchange, titled } from './small-filters.ts';

const scratch = scratchDirectory();
afterAll(() => scratch.remove());

test('every method on /healthcheck gets OK, with or without a query, however the path is quoted', async () => {
  for (const [method, target] of [
    ['GET', '/healthcheck'],
    ['HEAD', '/healthcheck'],
    ['PUT', '/healthcheck'],
    ['OPTIONS', '/healthcheck'],
    ['GET', '/healthcheck?x=1'],
    ['GET', '/%68ealthcheck'],
  ] as const) {
    const { res, seen } = await exchange(filterFactory, target, { method });
    expect(seen, target).toBeUndefined();
    expect([res.status, titled(res), await res.text()]).toEqual([
      200,
      { 'Content-Type': 'text/plain', 'Content-Length': '2' },
      'OK',
    ]);
  }
});

test('other paths go to the app', async () => {
  for (const target of ['/healthcheck/', '/healthCheck', '/v1/healthcheck']) {
    expect((await exchange(filterFactory, target)).seen, target).toBeDefined();
  }
});

test('the node is out of rotation while the file at disable_path exists', async () => {
  const path = join(scratch.path, 'disabled');
  const status = async (): Promise<[number, string]> => {
    const { res } = await exchange(filterFactory, '/healthcheck', { conf: { disable_path: path } });
    return [res.status, await res.text()];
  };
  expect(await status()).toEqual([200, 'OK']);
  writeFileSync(path, '');
  expect(await status()).toEqual([503, 'DISABLED BY FILE']);
  rmSync(path);
  expect(await status()).toEqual([200, 'OK']);
});
