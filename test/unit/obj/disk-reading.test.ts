import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bodyStream, readAll } from '../../../src/http/body.ts';
import type { OpenedObject } from '../../../src/obj/storage.ts';
import { at, DiskFixture, fetched, GOLDEN_NOW, randomBytes, store } from './disk-fixture.ts';

let fixture: DiskFixture;
const NOW = { nowSeconds: GOLDEN_NOW };

beforeEach(() => {
  fixture = new DiskFixture();
});

afterEach(async () => {
  await fixture.end();
});

async function open(name = 'o'): Promise<OpenedObject> {
  return await fixture.object(name).open(NOW);
}

describe('reading', () => {
  const large = randomBytes(300000);

  test('parts of a large object are read one after the other', async () => {
    await store(fixture.object(), at(1), large);
    const opened = await open();
    for (const [start, end] of [
      [0, 10],
      [65530, 200001],
      [299999, 300000],
      [0, 300000],
    ] as const) {
      expect((await readAll(opened.body(start, end))).equals(large.subarray(start, end))).toBe(true);
    }
    opened.close();
    opened.close();
  });

  test('closing in the middle of a body frees the file once its read has ended', async () => {
    await store(fixture.object(), at(1), large);
    const opened = await open();
    Object.defineProperty(fixture.storage.pace('sdb1'), 'isFast', { value: false });
    const body = bodyStream(opened.body());
    await body.read(); // the next chunk is being read now
    await body.close();
    opened.close();
    expect(await body.read()).toBeNull();
    await expect.poll(() => readdirSync('/proc/self/fd').filter((fd) => isOurs(fd)).length).toBe(0);
  });

  function isOurs(fd: string): boolean {
    try {
      return (
        statSync(`/proc/self/fd/${fd}`).ino === statSync(join(fixture.paths().hashDir, fixture.files()[0] ?? '')).ino
      );
    } catch {
      return false;
    }
  }

  test('an object whose time has come is expired, with its metadata, unless it is asked for all the same', async () => {
    await store(fixture.object(), at(1), Buffer.from('x'), { 'X-Delete-At': String(GOLDEN_NOW) });
    await expect((async () => open())()).rejects.toMatchObject({ code: 'expired', timestamp: at(1) });
    (await fixture.object().open({ ...NOW, openExpired: true })).close();
    (await fixture.object().open({ nowSeconds: GOLDEN_NOW - 0.001 })).close();
  });

  test('the files of another name are a collision, and stay', async () => {
    await store(fixture.object('other'), at(1), Buffer.from('x'));
    mkdirSync(dirname(fixture.paths().hashDir), { recursive: true });
    renameSync(fixture.paths('other').hashDir, fixture.paths().hashDir);
    await expect((async () => open())()).rejects.toMatchObject({ code: 'collision' });
    expect(fixture.files()).toHaveLength(1);
  });

  test('a device that is slow is asked through the pool, with the same results', async () => {
    await store(fixture.object(), at(1), Buffer.from('x'));
    await store(fixture.object('large'), at(1), large);
    Object.defineProperty(fixture.storage.pace('sdb1'), 'isFast', { value: false });
    expect(fixture.object().open(NOW)).toBeInstanceOf(Promise);
    expect((await fetched(fixture.object())).bytes.toString()).toBe('x');
    expect((await fetched(fixture.object('large'))).bytes.equals(large)).toBe(true);
    await expect(fetched(fixture.object('none'))).rejects.toMatchObject({ code: 'not-exist' });
  });

  test('a large object is read with plain calls, but the loop gets its turn in between', async () => {
    await store(fixture.object(), at(1), Buffer.concat([large, large]));
    const opened = await open();
    const body = bodyStream(opened.body());
    const kinds: string[] = [];
    for (let next = body.read(); next !== null; next = body.read()) {
      kinds.push(next instanceof Promise ? 'waits' : 'at once');
      if ((await next) === null) break;
    }
    opened.close();
    // 600,000 bytes are ten chunks; one of five waits.
    expect(kinds).toEqual(Array.from({ length: 10 }, (_, i) => (i % 5 === 4 ? 'waits' : 'at once')));
  });

  test.each([
    ['is done with', true, 1],
    ['is still in use', false, 2],
  ])('a large object passes through one piece of memory, when what it stopped at %s', async (_, isFree, pieceCount) => {
    await store(fixture.object(), at(1), Buffer.concat([large, large]));
    const opened = await open();
    const body = bodyStream(opened.body());
    const pieces: Uint8Array[] = [];
    const bytes: Buffer[] = [Buffer.from((await body.read()) as Uint8Array)];
    const take = (chunk: Uint8Array): boolean => {
      pieces.push(chunk);
      bytes.push(Buffer.from(chunk));
      return pieces.length !== 4;
    };
    await body.pass?.(take);
    await body.pass?.(take, isFree);
    expect(await body.read()).toBeNull();
    opened.close();
    expect(Buffer.concat(bytes).equals(Buffer.concat([large, large]))).toBe(true);
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(pieceCount);
    if (!isFree) expect(Buffer.from(pieces[3] as Uint8Array).equals(bytes[4] as Buffer)).toBe(true);
  });

  test('a body that is closed while it passes hands on nothing more', async () => {
    await store(fixture.object(), at(1), Buffer.concat([large, large]));
    const opened = await open();
    const body = bodyStream(opened.body());
    let taken = 0;
    await body.pass?.(() => {
      taken++;
      void body.close();
      return true;
    });
    opened.close();
    expect(taken).toBe(1);
    expect(await body.read()).toBeNull();
  });

  test('a device that becomes slow in the middle of a body is read ahead of the reader from there on', async () => {
    await store(fixture.object(), at(1), large);
    const opened = await open();
    const body = bodyStream(opened.body());
    const chunks = [body.read() as Uint8Array];
    Object.defineProperty(fixture.storage.pace('sdb1'), 'isFast', { value: false });
    for (let next = await body.read(); next !== null; next = await body.read()) chunks.push(next);
    opened.close();
    expect(Buffer.concat(chunks).equals(large)).toBe(true);
  });
});
