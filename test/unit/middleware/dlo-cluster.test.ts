import { expect, test } from 'vitest';
import * as dlo from '../../../src/middleware/dlo.ts';
import { type Cluster, startCluster } from '../../../src/testing.ts';

const SEGMENT_BYTES = 4 * 1024 * 1024;

async function putLargeObject(cluster: Cluster, segments: number): Promise<void> {
  await cluster.fetch('/segs', { method: 'PUT' });
  for (let at = 0; at < segments; at++) {
    const body = Buffer.alloc(SEGMENT_BYTES, String(at));
    expect((await cluster.fetch(`/segs/p/${at}`, { method: 'PUT', body })).status).toBe(201);
  }
  const headers = { 'x-object-manifest': 'segs/p/' };
  expect((await cluster.fetch('/segs/large', { method: 'PUT', headers, body: '' })).status).toBe(201);
}

test(
  'in a whole cluster a large object comes whole, and breaks off at a segment deleted meanwhile',
  { timeout: 60_000 },
  async () => {
    const limits = { rate_limit_segments_per_sec: '0' };
    await using cluster = await startCluster({ filters: [{ name: 'dlo', module: dlo, options: limits }] });
    await putLargeObject(cluster, 9);

    const whole = await cluster.fetch('/segs/large');
    const content = Buffer.from(await whole.arrayBuffer());
    expect(content.length).toBe(9 * SEGMENT_BYTES);
    for (let at = 0; at < 9; at++) expect(content[at * SEGMENT_BYTES]).toBe(48 + at);

    const cut = await cluster.fetch('/segs/large');
    expect(cut.headers.get('content-length')).toBe(String(9 * SEGMENT_BYTES));
    const reader = (cut.body as ReadableStream<Uint8Array>).getReader();
    let readBytes = (await reader.read()).value?.length ?? 0;
    expect((await cluster.fetch('/segs/p/8', { method: 'DELETE' })).status).toBe(204);
    const readOn = async (): Promise<void> => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        readBytes += value.length;
      }
    };
    await expect(readOn()).rejects.toThrow();
    expect(readBytes).toBeLessThanOrEqual(8 * SEGMENT_BYTES);
    expect(cluster.log.lines.join('\n')).toContain('/segs/p/8 was answered with 404 Not Found');
  },
);
