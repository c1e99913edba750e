import { expect, test } from 'vitest';
import { QueuedBody } from '../../../src/backend/queued-body.ts';
import { ClientDisconnect } from '../../../src/http/errors.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

/** A body whose reader was given `first` and holds it no longer. */
async function begun(first = 'a'): Promise<QueuedBody> {
  const body = new QueuedBody(() => undefined);
  const read = body.read();
  void body.push(bytes(first));
  expect(await read).toEqual(bytes(first));
  return body;
}

test('what was read is held until its reader says that it is free, or takes what follows as done with', async () => {
  const [told, taken] = [await begun(), await begun()];
  expect(told.flushed).toBe(false);
  void told.pass(() => true, true);
  expect(told.flushed).toBe(true);
  void taken.pass(() => true, false);
  expect(taken.flushed).toBe(false);
  void taken.push(bytes('b'));
  expect(taken.flushed).toBe(true);
});

test('a chunk is passed on in the call that writes it, and its memory is free once it was taken', async () => {
  const body = await begun();
  const taken: string[] = [];
  const passed = body.pass((chunk) => {
    taken.push(Buffer.from(chunk).toString());
    return chunk.length === 1;
  });
  expect(body.push(bytes('b'))).toBeUndefined();
  expect([taken, body.flushed]).toEqual([['b'], true]);
  void body.push(bytes('long'));
  expect([taken, body.flushed]).toEqual([['b', 'long'], false]);
  await passed;
  void body.push(bytes('c'));
  expect(taken).toEqual(['b', 'long']);
  expect(body.read()).toEqual(bytes('c'));
});

test('what waits is passed on first, as long as the reader does not hold it', async () => {
  const body = await begun();
  for (const text of ['b', 'cc', 'd']) void body.push(bytes(text));
  const taken: string[] = [];
  await body.pass((chunk) => {
    taken.push(Buffer.from(chunk).toString());
    return chunk.length === 1;
  });
  expect([taken, body.flushed]).toEqual([['b', 'cc'], false]);
  expect(body.read()).toEqual(bytes('d'));
});

test('passing ends with the body, and with a writer that goes away', async () => {
  const whole = await begun();
  const ended = whole.pass(() => true);
  whole.end();
  await ended;
  expect(whole.read()).toBeNull();

  const cut = await begun();
  const lost = cut.pass(() => true);
  cut.abandon();
  await lost;
  expect(() => cut.read()).toThrow(ClientDisconnect);
});

test('a reader that gives up ends its passing', async () => {
  const body = await begun();
  const passed = body.pass(() => true);
  body.close();
  await passed;
  expect(body.push(bytes('b'))).toBeUndefined();
});
