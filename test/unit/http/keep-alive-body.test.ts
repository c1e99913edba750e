import { describe, expect, test } from 'vitest';
import { keepAliveBody, type Wait } from '../../../src/http/keep-alive-body.ts';
import { bodyStream, readAll } from '../../../src/http/body.ts';

const NEVER = new AbortController().signal;

/** Time that passes when the test says so. */
class Clock {
  readonly asked: number[] = [];
  #due: (() => void) | undefined;

  readonly wait: Wait = (seconds, signal) =>
    new Promise((resolve, reject) => {
      this.asked.push(seconds);
      this.#due = resolve;
      signal.addEventListener('abort', () => reject(new Error('not waited for')), { once: true });
    });

  pass(): void {
    this.#due?.();
  }
}

describe('a body that is kept alive', () => {
  test('is what the work made of it when that was quick', async () => {
    const clock = new Clock();
    const body = await keepAliveBody(async () => Buffer.from('done'), {
      signal: NEVER,
      everySec: 10,
      wait: clock.wait,
    });
    expect((await readAll(body)).toString()).toBe('done');
    expect(clock.asked).toEqual([10]);
  });

  test('has a blank for each interval and then the result behind a separator', async () => {
    const clock = new Clock();
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    const making = keepAliveBody(() => promise, { signal: NEVER, everySec: 10, opening: '<?xml?>', wait: clock.wait });
    clock.pass();
    const body = bodyStream(await making);
    expect(String(await body.read())).toBe('<?xml?>');
    const second = body.read();
    clock.pass();
    expect(String(await second)).toBe(' ');
    const last = body.read();
    resolve(Buffer.from('report'));
    expect(String(await last)).toBe('\r\n\r\nreport');
    expect(await body.read()).toBeNull();
    expect(clock.asked).toEqual([10, 10, 10]);
  });

  test('is not made before its first bytes are known, and breaks with the work that throws so early', async () => {
    const made = keepAliveBody(() => Promise.reject(new Error('a bug')), { signal: NEVER, everySec: 10 });
    await expect(made).rejects.toThrow('a bug');
  });

  test('stops the work and waits for its end when it is closed', async () => {
    const clock = new Clock();
    let ended = false;
    const work = async (signal: AbortSignal): Promise<Buffer> => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      ended = true;
      return Buffer.alloc(0);
    };
    const making = keepAliveBody(work, { signal: NEVER, everySec: 1, wait: clock.wait });
    clock.pass();
    const body = await making;
    await body.close();
    expect(ended).toBe(true);
  });

  test('tells the work when the client goes', async () => {
    const client = new AbortController();
    const work = (signal: AbortSignal): Promise<Buffer> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(Buffer.from('gave up')));
      });
    const making = keepAliveBody(work, { signal: client.signal, everySec: 10 });
    client.abort();
    expect((await readAll(await making)).toString()).toBe('gave up');
  });
});
