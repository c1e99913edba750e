import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expiryTime, MemcachedConnection } from '../../../src/middleware/memcache/memcached-connection.ts';

/** The other end of a connection, held by the test. */
class FakeSocket extends Duplex {
  sent = '';
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent += chunk.toString('latin1');
    done();
  }
}

const value = fc.string({ unit: 'binary', maxLength: 30 });

test('answers are the same however they are cut into pieces', async () => {
  const answers = fc.array(fc.option(value), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(answers, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (values, sizes) => {
      const socket = new FakeSocket();
      const connection = new MemcachedConnection(socket as unknown as Socket, 60_000, () => undefined);
      const replies = values.map(() => connection.request('get k\r\n'));
      const texts = values.map((each) => {
        if (each === null) return 'END\r\n';
        return `VALUE k 2 ${Buffer.byteLength(each)}\r\n${each}\r\nEND\r\n`;
      });
      const bytes = Buffer.from(texts.join(''));
      for (let at = 0, piece = 0; at < bytes.length; piece++) {
        const size = sizes[piece % sizes.length] as number;
        socket.emit('data', bytes.subarray(at, at + size));
        at += size;
      }
      const found = (await Promise.all(replies)).map(({ data }) => data ?? null);
      connection.close();
      expect(found).toEqual(values);
    }),
  );
});

test('requests of one turn of the loop go out in one write, in order', async () => {
  const socket = new FakeSocket();
  const connection = new MemcachedConnection(socket as unknown as Socket, 60_000, () => undefined);
  const replies = ['get a\r\n', 'get b\r\n'].map((command) => connection.request(command));
  expect(socket.sent).toBe('');
  await new Promise((resolve) => process.nextTick(resolve));
  expect(socket.sent).toBe('get a\r\nget b\r\n');
  connection.close();
  for (const reply of replies) await expect(reply).rejects.toThrow('closed');
});

test('a time to live is whole seconds, never 0 for a short one, and a point in time beyond thirty days', () => {
  const now = 1_800_000_000.7;
  expect([0, 0.2, 6.5, 2_592_000, 2_592_001].map((ttl) => expiryTime(ttl, now))).toEqual([
    0, 1, 6, 2_592_000, 1_802_592_001,
  ]);
});
