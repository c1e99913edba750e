import { expect, test } from 'vitest';
import { Bzip2Body } from '../../../../src/middleware/bulk/bzip2-body.ts';
import { Places } from '../../../../src/middleware/bulk/places.ts';
import { bodyStream, ClientDisconnect } from '../../../../src/middleware-api.ts';

/** `hello` */
const HELLO = Buffer.from('QlpoOTFBWSZTWRkxZT0AAACBAAJEoAAhmmgzTQczi7kinChIDJiynoA=', 'base64');
const NEVER = new AbortController().signal;

async function isFree(places: Places): Promise<boolean> {
  const leave = await places.take(AbortSignal.timeout(0)).catch(() => undefined);
  leave?.();
  return leave !== undefined;
}

test.each([
  ['to its end', HELLO, 'hello'],
  ['damaged', Buffer.from('BZh9 no more than that'), 'invalid compressed data'],
  ['cut off', HELLO.subarray(0, 30), ''],
  ['empty', Buffer.alloc(0), ''],
])('a body that was read %s leaves its place', async (_, bytes, expected) => {
  const places = new Places(1);
  const body = new Bzip2Body(bodyStream(bytes), places, NEVER);
  let text = '';
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read())
      text += Buffer.from(chunk).toString();
  } catch (error) {
    text = (error as Error).message;
  }
  expect(text).toBe(expected);
  await body.close();
  await body.close();
  expect(await isFree(places)).toBe(true);
  const leave = await places.take(NEVER);
  expect(await isFree(places)).toBe(false);
  leave();
});

test('a body for which there is no place waits, having asked for its first bytes', async () => {
  const places = new Places(1);
  const first = new Bzip2Body(bodyStream(HELLO), places, NEVER);
  await first.read();
  let asked = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    asked = true;
    yield HELLO;
  }
  const order: string[] = [];
  const second = new Bzip2Body(bodyStream(source()), places, NEVER);
  const read = second.read().then((chunk) => {
    order.push('second');
    return chunk;
  });
  await expect.poll(() => asked).toBe(true);
  order.push('first closed');
  await first.close();
  expect(Buffer.from((await read) ?? []).toString()).toBe('hello');
  expect(order).toEqual(['first closed', 'second']);
  await second.close();
});

test('who goes while waiting leaves the place to the next', async () => {
  const places = new Places(1);
  const leave = await places.take(NEVER);
  const gone = new AbortController();
  const body = new Bzip2Body(bodyStream(HELLO), places, gone.signal);
  const read = body.read();
  const next = places.take(NEVER);
  gone.abort();
  await expect(read).rejects.toThrow(ClientDisconnect);
  await body.close();
  leave();
  (await next)();
  expect(await isFree(places)).toBe(true);
});
