/** What every way to a storage node must do, whoever stands behind it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InProcessTransport } from '../../src/backend/in-process-transport.ts';
import { SocketTransport } from '../../src/backend/socket-transport.ts';
import {
  BackendError,
  type BackendExchange,
  type BackendRequest,
  type BackendTransport,
} from '../../src/backend/transport.ts';
import { type BodyStream, iterateBody, readAll } from '../../src/http/body.ts';
import type { Handler } from '../../src/http/contract.ts';
import { Headers } from '../../src/http/headers.ts';
import type { SwiftRequest } from '../../src/http/request.ts';
import { HttpError, SwiftResponse, textResponse } from '../../src/http/response.ts';
import { HttpServer } from '../../src/http/server.ts';
import { silentLog } from '../unit/http/silent-log.ts';

interface Harness {
  transport: BackendTransport;
  ip: string;
  port: number;
  stop: () => Promise<void>;
}

async function inProcess(handler: Handler): Promise<Harness> {
  const transport = new InProcessTransport();
  const unregister = transport.register('10.0.0.1', 6200, handler, silentLog);
  const stop = async (): Promise<void> => {
    unregister();
    await transport.close();
  };
  return { transport, ip: '10.0.0.1', port: 6200, stop };
}

async function overSockets(handler: Handler): Promise<Harness> {
  const server = new HttpServer({
    handler,
    log: silentLog,
    clientTimeoutMs: 5000,
    keepAliveTimeoutMs: 5000,
    maxRequestLine: 8192,
    maxHeaderLine: 8192,
    maxHeaderCount: 127,
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const transport = new SocketTransport();
  const stop = async (): Promise<void> => {
    transport.close();
    await server.close();
  };
  return { transport, ip: '127.0.0.1', port: server.port, stop };
}

const WAIT_MS = 2000;
const SHORT_MS = 30;

describe.each([
  ['in process', inProcess],
  ['over sockets', overSockets],
])('a storage node %s', (_, start) => {
  let handler: Handler;
  let harness: Harness;
  let exchanges: BackendExchange[];

  beforeEach(async () => {
    handler = async () => new SwiftResponse(500);
    exchanges = [];
    harness = await start((req) => handler(req));
  });
  afterEach(async () => {
    for (const exchange of exchanges) exchange.close();
    await harness.stop();
  });

  async function open(given: Partial<BackendRequest> = {}): Promise<BackendExchange> {
    const exchange = await harness.transport.open({
      ip: harness.ip,
      port: harness.port,
      method: 'GET',
      target: '/sdb1/1/a/c/o',
      headers: new Headers(),
      body: 'none',
      connectTimeoutMs: WAIT_MS,
      ...given,
    });
    exchanges.push(exchange);
    return exchange;
  }

  async function fails(promise: Promise<unknown>): Promise<BackendError> {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BackendError);
    return error as BackendError;
  }

  test('gets method, target and headers as they were given, bytes beyond ASCII too', async () => {
    let seen: SwiftRequest | undefined;
    handler = async (req) => {
      seen = req;
      return new SwiftResponse(204);
    };
    const headers = new Headers({ 'x-object-meta-ã©': 'æ¼¢', 'x-timestamp': '1' });
    const exchange = await open({ method: 'REPLICATE', target: '/sdb1/1/a%2Fb/%E6%BC%A2?x=y%20z', headers });
    expect((await exchange.head(WAIT_MS)).status).toBe(204);
    expect(seen?.method).toBe('REPLICATE');
    expect(seen?.target).toBe('/sdb1/1/a%2Fb/%E6%BC%A2?x=y%20z');
    expect(seen?.headers.get('x-object-meta-ã©')).toBe('æ¼¢');
    expect(headers.size).toBe(2);
  });

  test('gives status, reason, headers and body of its answer', async () => {
    handler = async () => new SwiftResponse(404, { 'x-backend-timestamp': '1.0' }, Buffer.from('none'), 'Not Here');
    const exchange = await open();
    const head = await exchange.head(WAIT_MS);
    expect([head.status, head.reason, head.headers.get('x-backend-timestamp')]).toEqual([404, 'Not Here', '1.0']);
    expect(head.headers.get('content-length')).toBe('4');
    expect((await readAll(exchange.body(WAIT_MS))).toString()).toBe('none');
  });

  test('has no body to give for a HEAD, whatever its Content-Length', async () => {
    handler = async () => new SwiftResponse(200, { 'content-length': 1000 });
    const exchange = await open({ method: 'HEAD' });
    expect((await exchange.head(WAIT_MS)).headers.get('content-length')).toBe('1000');
    expect(await readAll(exchange.body(WAIT_MS))).toHaveLength(0);
  });

  test('streams a long answer in order', async () => {
    const size = 3_000_000;
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 4) bytes.writeUInt32LE(at, at);
    handler = async () => {
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < size; at += 65536) yield bytes.subarray(at, at + 65536);
      }
      return new SwiftResponse(200, { 'content-length': size }, chunks());
    };
    const exchange = await open();
    await exchange.head(WAIT_MS);
    expect((await readAll(exchange.body(WAIT_MS))).equals(bytes)).toBe(true);
  });

  test('reads a body of known length, which it is told beforehand', async () => {
    handler = async (req) => textResponse(201, `${req.headers.get('content-length')}:${await text(req)}`);
    const exchange = await open({ method: 'PUT', body: 6 });
    await exchange.write(Buffer.from('abc'), WAIT_MS);
    await exchange.write(Buffer.from('def'), WAIT_MS);
    exchange.end();
    expect((await exchange.head(WAIT_MS)).status).toBe(201);
    expect((await readAll(exchange.body(WAIT_MS))).toString()).toBe('6:abcdef');
  });

  test('reads an empty body', async () => {
    handler = async (req) => textResponse(201, `${req.headers.get('content-length')}:${await text(req)}`);
    const exchange = await open({ method: 'PUT', body: 0 });
    exchange.end();
    await exchange.head(WAIT_MS);
    expect((await readAll(exchange.body(WAIT_MS))).toString()).toBe('0:');
  });

  test('reads a chunked body', async () => {
    handler = async (req) => textResponse(201, `${req.isChunked}:${await text(req)}`);
    const exchange = await open({ method: 'PUT', body: 'chunked' });
    await exchange.write(Buffer.from('abc'), WAIT_MS);
    await exchange.write(Buffer.from('def'), WAIT_MS);
    exchange.end();
    await exchange.head(WAIT_MS);
    expect((await readAll(exchange.body(WAIT_MS))).toString()).toBe('true:abcdef');
  });

  test('says 100 Continue when the body is first read, to who waits for it', async () => {
    handler = async (req) => textResponse(201, await text(req));
    const exchange = await open({ method: 'PUT', body: 3, headers: new Headers({ expect: '100-continue' }) });
    expect((await exchange.head(WAIT_MS)).status).toBe(100);
    await exchange.write(Buffer.from('abc'), WAIT_MS);
    exchange.end();
    expect((await exchange.head(WAIT_MS)).status).toBe(201);
  });

  test('may say 100 Continue with headers of its own', async () => {
    handler = async (req) => {
      req.sendContinue(new Headers({ 'x-obj-metadata-footer': 'yes' }));
      return textResponse(201, await text(req));
    };
    const exchange = await open({ method: 'PUT', body: 3, headers: new Headers({ expect: '100-continue' }) });
    const head = await exchange.head(WAIT_MS);
    expect([head.status, head.headers.get('x-obj-metadata-footer')]).toEqual([100, 'yes']);
  });

  test('answers finally instead of 100 when it does not want the body', async () => {
    handler = async () => new SwiftResponse(507);
    const exchange = await open({ method: 'PUT', body: 3, headers: new Headers({ expect: '100-continue' }) });
    expect((await exchange.head(WAIT_MS)).status).toBe(507);
  });

  test('lets the writer wait while it does not read, and loses nothing', async () => {
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    handler = async (req) => {
      await begun;
      return textResponse(201, String((await readAll(req.body)).length));
    };
    const exchange = await open({ method: 'PUT', body: 'chunked' });
    const chunk = Buffer.alloc(256 * 1024);
    let waits: void | Promise<void> = undefined;
    let written = 0;
    for (let at = 0; at < 200 && waits === undefined; at++) {
      waits = exchange.write(chunk, WAIT_MS);
      written += chunk.length;
    }
    expect(waits).toBeInstanceOf(Promise);
    begin();
    await waits;
    exchange.end();
    expect((await exchange.head(WAIT_MS)).status).toBe(201);
    expect((await readAll(exchange.body(WAIT_MS))).toString()).toBe(String(written));
  });

  test('fails a write that has to wait too long', async () => {
    let release = (): void => undefined;
    handler = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return new SwiftResponse(500);
    };
    const exchange = await open({ method: 'PUT', body: 'chunked' });
    const chunk = Buffer.alloc(1024 * 1024);
    const writing = async (): Promise<void> => {
      // What lies in the buffers of sockets is taken without anybody reading.
      for (let at = 0; at < 100; at++) await exchange.write(chunk, 200);
    };
    expect((await fails(writing())).fault).toBe('timeout');
    exchange.close();
    release();
  });

  test('that takes too long to answer is a time-out', async () => {
    let release = (): void => undefined;
    handler = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return new SwiftResponse(200);
    };
    const exchange = await open();
    expect((await fails(exchange.head(SHORT_MS))).fault).toBe('timeout');
    exchange.close();
    release();
  });

  test('that stalls in the middle of its answer is a time-out', async () => {
    let release = (): void => undefined;
    handler = async () => {
      async function* chunks(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('abc');
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return new SwiftResponse(200, { 'content-length': 6 }, chunks());
    };
    const exchange = await open();
    await exchange.head(WAIT_MS);
    const body = exchange.body(100);
    expect(Buffer.from((await body.read()) as Uint8Array).toString()).toBe('abc');
    expect((await fails(Promise.resolve(body.read()))).fault).toBe('timeout');
    exchange.close();
    release();
  });

  test('that breaks off its answer is lost', async () => {
    handler = async () => {
      async function* chunks(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('abc');
        throw new Error('disk on fire');
      }
      return new SwiftResponse(200, { 'content-length': 6 }, chunks());
    };
    const exchange = await open();
    await exchange.head(WAIT_MS);
    const error = await fails(readAll(exchange.body(WAIT_MS)));
    expect(error.fault).toBe('lost');
  });

  test('that throws a refusal answers with it, and with 500 what it throws else', async () => {
    handler = async (req) => {
      if (req.path.endsWith('/o')) throw new HttpError(409, 'older');
      throw new Error('bug');
    };
    const refused = await open();
    expect((await refused.head(WAIT_MS)).status).toBe(409);
    expect((await readAll(refused.body(WAIT_MS))).toString()).toBe('older');
    const failed = await open({ target: '/sdb1/1/a/c/p' });
    expect((await failed.head(WAIT_MS)).status).toBe(500);
  });

  test('that is not there cannot be connected to', async () => {
    await harness.stop();
    expect((await fails(open())).fault).toBe('connect');
  });

  test('sees the client go when the writer gives up in the middle of a body', async () => {
    const outcome = Promise.withResolvers<unknown>();
    handler = async (req) => {
      try {
        await readAll(req.body);
        outcome.resolve('complete');
      } catch (error) {
        outcome.resolve(error);
      }
      return new SwiftResponse(499);
    };
    const exchange = await open({ method: 'PUT', body: 6 });
    await exchange.write(Buffer.from('abc'), WAIT_MS);
    exchange.close();
    expect(await outcome.promise).toMatchObject({ status: 499 });
  });

  test('has its signal aborted and its body closed when the answer is given up', async () => {
    const closed = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    handler = async (req) => {
      req.signal.addEventListener('abort', () => gone.resolve());
      const body: BodyStream = {
        read: () => new Promise((resolve) => setImmediate(resolve, Buffer.alloc(65536))),
        close: () => closed.resolve(),
        [Symbol.asyncIterator]: () => iterateBody(body),
      };
      return new SwiftResponse(200, { 'content-length': 1e12 }, body);
    };
    const exchange = await open();
    await exchange.head(WAIT_MS);
    await exchange.body(WAIT_MS).read();
    exchange.close();
    await closed.promise;
    await gone.promise;
  });

  test('ends the exchange when the request is aborted', async () => {
    const release = Promise.withResolvers<void>();
    handler = async () => {
      await release.promise;
      return new SwiftResponse(200);
    };
    const abort = new AbortController();
    const exchange = await open({ signal: abort.signal });
    const head = fails(exchange.head(WAIT_MS));
    abort.abort();
    expect((await head).fault).toBe('aborted');
    release.resolve();
  });

  test('is not connected to for a request that is aborted already', async () => {
    expect((await fails(open({ signal: AbortSignal.abort() }))).fault).toBe('aborted');
  });

  test('may be closed more than once', async () => {
    handler = async () => textResponse(200, 'x');
    const exchange = await open();
    await exchange.head(WAIT_MS);
    exchange.close();
    exchange.close();
    await fails(exchange.head(SHORT_MS));
  });

  test('tells those who listen what became of its answer', async () => {
    const sent = Promise.withResolvers<{ bodyBytes: number; complete: boolean }>();
    handler = async () => textResponse(200, 'hello').onSent((info) => sent.resolve(info));
    const exchange = await open();
    await exchange.head(WAIT_MS);
    await readAll(exchange.body(WAIT_MS));
    exchange.close();
    expect(await sent.promise).toMatchObject({ bodyBytes: 5, complete: true });
  });
});

async function text(req: SwiftRequest): Promise<string> {
  return (await readAll(req.body)).toString();
}
