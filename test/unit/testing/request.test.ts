import { expect, test } from 'vitest';
import { ClientDisconnect, readAll, type SentInfo, SwiftResponse } from '../../../src/middleware-api.ts';
import { abandon, drain, fakeHost, load, request, text } from '../../../src/testing.ts';

test('a body of bytes has its length, any other is chunked', () => {
  expect(request('PUT', '/x', {}, 'é').contentLength).toBe(2);
  expect(request('PUT', '/x', {}, ['a', 'b']).isChunked).toBe(true);
  expect(request('PUT', '/x', { 'content-length': '2' }, ['a', 'b']).isChunked).toBe(false);
  expect(request('GET', '/x').body).toBeNull();
});

test('the first read of a body that a client waits with is answered by one 100 Continue', async () => {
  const req = request('PUT', '/x', { expect: '100-continue' }, ['a', 'b']);
  expect(req.continues).toEqual([]);
  expect((await readAll(req.body)).toString()).toBe('ab');
  expect(req.continues.length).toBe(1);
});

test('a client that goes aborts the signal and breaks the body', async () => {
  const req = request('PUT', '/x', {}, ['a', 'b']);
  req.disconnect();
  expect(req.signal.aborted).toBe(true);
  await expect(readAll(req.body)).rejects.toBeInstanceOf(ClientDisconnect);
});

test('sending tells the listeners what went out', async () => {
  const told: SentInfo[] = [];
  const answer = (): SwiftResponse =>
    new SwiftResponse(200, {}, Buffer.from('hello')).onSent((info) => void told.push(info));
  await text(answer(), { firstByteTime: 7 });
  await abandon(answer());
  expect(told).toEqual([
    { status: 200, bodyBytes: 5, firstByteTime: 7, complete: true },
    { status: 200, bodyBytes: 0, firstByteTime: undefined, complete: false },
  ]);
});

test('a body that breaks is told as incomplete and throws', async () => {
  const told: boolean[] = [];
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
    throw new Error('broken');
  };
  const res = new SwiftResponse(200, {}, broken()).onSent(({ complete }) => void told.push(complete));
  await expect(drain(res)).rejects.toThrow('broken');
  expect(told).toEqual([false]);
});

test('the host has a clock, a log, info and closers of its own', async () => {
  const host = fakeHost({ clock: 5, constraints: { max_file_size: 10 } });
  const closed: string[] = [];
  const handler = await load(
    (_globalConf, localConf, given) => {
      given.info.register('mine', { option: localConf['option'] });
      given.onClose(() => void closed.push('first'));
      given.onClose(() => void closed.push('second'));
      return () => async () => {
        given.log.withTransaction('tx1').warn(`at ${given.now()}`);
        return new SwiftResponse(given.constraints.max_file_size * 20);
      };
    },
    { option: 'x' },
    () => Promise.reject(new Error('not reached')),
    host,
  );
  host.clock = 6;
  expect((await handler(request('GET', '/x'))).status).toBe(200);
  expect(host.info.get()).toEqual({ mine: { option: 'x' } });
  expect(host.log.entries).toEqual([{ level: 'warn', message: 'at 6', transId: 'tx1' }]);
  await host.close();
  expect(closed).toEqual(['second', 'first']);
});
