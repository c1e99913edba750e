import { expect, test } from 'vitest';
import { readAll, type BodyStream, iterateBody } from '../../../src/http/body.ts';
import { Headers } from '../../../src/http/headers.ts';
import { errorResponse, HttpError, type SentInfo, SwiftResponse, textResponse } from '../../../src/http/response.ts';
import { exchange, RawClient, startServer, statuses, withoutDate } from './http-harness.ts';

const CLOSE = 'Connection: close\r\n\r\n';
const echo = async (req: { body: unknown; target: string }): Promise<SwiftResponse> =>
  new SwiftResponse(200, {}, await readAll(req.body as BodyStream | null));

/** A body of the given chunks, each behind a promise. */
class Chunks implements BodyStream {
  closed = 0;
  readonly chunks: (string | Error)[];
  constructor(...chunks: (string | Error)[]) {
    this.chunks = chunks;
  }
  read(): Promise<Uint8Array | null> {
    const next = this.chunks.shift();
    if (next instanceof Error) return Promise.reject(next);
    return Promise.resolve(next === undefined ? null : Buffer.from(next));
  }
  close(): void {
    this.closed++;
  }
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

test('an answer without type and length gets those of Swift', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(201, { etag: '"x"' })));
  const answer = await exchange(server.port, `PUT /a HTTP/1.1\r\n${CLOSE}`);
  expect(answer).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  expect(withoutDate(answer)).toBe(
    'HTTP/1.1 201 Created\r\nEtag: "x"\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  );
});

test('bytes above 0x7F pass through method, target and headers as they are, in title case', async () => {
  const server = await startServer((req) => {
    const headers = new Headers([[`x-object-meta-\xe0\xb8\x92`, req.headers.get('X-\xe0\xb8\x93') ?? '']]);
    return Promise.resolve(new SwiftResponse(200, headers, Buffer.from(`${req.method} ${req.target}`, 'latin1')));
  });
  const answer = await exchange(server.port, `SSYNC /a\xff%20b?q=\xfe HTTP/1.1\r\nx-\xe0\xb8\x93:  v\xfd \r\n${CLOSE}`);
  expect(answer).toContain('\r\nX-Object-Meta-\xe0\xb8\x92: v\xfd\r\n');
  expect(answer.endsWith('\r\n\r\nSSYNC /a\xff%20b?q=\xfe')).toBe(true);
});

test('an underscore in a header name is a hyphen, so that no other server sees a name that a filter here did not', async () => {
  const server = await startServer((req) =>
    Promise.resolve(new SwiftResponse(200, {}, Buffer.from([...req.headers].map((pair) => pair.join('=')).join('&')))),
  );
  const answer = await exchange(
    server.port,
    `GET / HTTP/1.1\r\nX_Backend-Foo_bar: a_b\r\nX-Backend-Foo-Bar: c\r\n${CLOSE}`,
  );
  expect(answer).toContain('x-backend-foo-bar=a_b,c');
});

test('an absolute target is reduced to its path, its authority becoming Host', async () => {
  const server = await startServer((req) =>
    Promise.resolve(new SwiftResponse(200, {}, Buffer.from(`${req.headers.get('host')} ${req.target}`))),
  );
  const raw = `GET http://one:80/p?q HTTP/1.1\r\nHost: two\r\n\r\nGET HTTP://one HTTP/1.1\r\nHost: two\r\n${CLOSE}`;
  const answer = await exchange(server.port, raw);
  expect(answer).toContain('one:80 /p?q');
  expect(answer.endsWith('one /')).toBe(true);
});

test('HEAD is told no length of a page, and that of a text', async () => {
  const server = await startServer((req) =>
    Promise.resolve(req.target === '/page' ? errorResponse(404) : textResponse(412, 'Bad URL')),
  );
  const answer = await exchange(server.port, `HEAD /page HTTP/1.1\r\n\r\nHEAD /text HTTP/1.1\r\n${CLOSE}`);
  expect(answer.match(/Content-Length: \d+/g)).toEqual(['Content-Length: 0', 'Content-Length: 7']);
});

test('HEAD keeps the length of its answer and has no body; neither have 204 and 304', async () => {
  const body = new Chunks('never read');
  const server = await startServer((req) => {
    if (req.method === 'HEAD') return Promise.resolve(new SwiftResponse(200, { 'content-length': 5000 }, body));
    return Promise.resolve(new SwiftResponse(req.target === '/a' ? 204 : 304, {}));
  });
  const raw = `HEAD /a HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n${CLOSE}`;
  const answer = withoutDate(await exchange(server.port, raw));
  expect(answer.split('\r\n\r\n').map((head) => head.split('\r\n'))).toEqual([
    ['HTTP/1.1 200 OK', 'Content-Length: 5000', 'Content-Type: text/html; charset=UTF-8'],
    ['HTTP/1.1 204 No Content', 'Content-Type: text/html; charset=UTF-8', 'Content-Length: 0'],
    ['HTTP/1.1 304 Not Modified', 'Content-Type: text/html; charset=UTF-8', 'Content-Length: 0', 'Connection: close'],
    [''],
  ]);
  expect(body.closed).toBeGreaterThan(0);
});

test('a body of unknown length is chunked for HTTP/1.1 and ends with the connection for HTTP/1.0', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200, {}, new Chunks('abc', '', 'defg'))));
  const modern = await exchange(server.port, `GET /a HTTP/1.1\r\n${CLOSE}`);
  expect(
    modern.endsWith('\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n'),
  ).toBe(true);
  const old = await exchange(server.port, 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  expect(old.endsWith('\r\nConnection: close\r\n\r\nabcdefg')).toBe(true);
  expect(old).not.toContain('Transfer-Encoding');
});

test('HTTP/1.0 keeps a connection only when asked to', async () => {
  const server = await startServer(echo);
  const client = await RawClient.open(server.port);
  const head = await client.send('GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n').take('\r\n\r\n');
  expect(head).toContain('\r\nConnection: keep-alive\r\n');
  expect(await client.send('GET /a HTTP/1.0\r\n\r\n').rest()).toContain('\r\nConnection: close\r\n');
});

test('a client that asks for the connection to be kept is told that it is', async () => {
  const server = await startServer(echo);
  const client = await RawClient.open(server.port);
  const asked = await client.send('GET /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n').take('\r\n\r\n');
  expect(asked).toContain('\r\nConnection: keep-alive\r\n');
  const unasked = await client.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n').take('\r\n\r\n');
  expect(unasked).not.toContain('\r\nConnection:');
});

test('pipelined requests are answered in their order, one at a time', async () => {
  let running = 0;
  const server = await startServer(async (req) => {
    expect(++running).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return new SwiftResponse(200, {}, Buffer.from(`<${req.target}:${(await readAll(req.body)).toString()}>`));
  });
  let raw = '';
  for (let at = 0; at < 50; at++) raw += `PUT /${at} HTTP/1.1\r\nContent-Length: 2\r\n\r\nb${at % 10}`;
  const answer = await exchange(server.port, `${raw}GET /last HTTP/1.1\r\n${CLOSE}`);
  const bodies = [...answer.matchAll(/<([^>]*)>/g)].map((match) => match[1]);
  expect(bodies).toEqual([...Array.from({ length: 50 }, (_, at) => `/${at}:b${at % 10}`), '/last:']);
});

test('100 Continue is sent when the body is first read, not before', async () => {
  let read = (): void => undefined;
  const began = new Promise<void>((resolve) => {
    read = resolve;
  });
  const server = await startServer(async (req) => {
    await began;
    return echo(req);
  });
  const client = await RawClient.open(server.port);
  client.send('PUT /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
  await new Promise((resolve) => setImmediate(resolve));
  expect(client.received).toBe('');
  read();
  expect(await client.take('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  expect(await client.send('abc').take('abc')).toContain('200 OK');
});

test('a request that expects 100 and gets a final answer loses its connection', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(507)));
  const answer = await exchange(server.port, 'PUT /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
  expect(statuses(answer)).toEqual([507]);
  expect(answer).toContain('\r\nConnection: close\r\n');
});

test('one request may get several 100s with headers and send several streams of chunks', async () => {
  const server = await startServer(async (req) => {
    const more = new Headers([
      ['x-obj-multiphase-commit', 'yes'],
      ['x-obj-metadata-footer', 'yes'],
    ]);
    const body = req.body as import('../../../src/http/incoming-body.ts').IncomingBody;
    req.sendContinue(more);
    const texts: string[] = [];
    for (let stream = 0; stream < 2; stream++) {
      let text = '';
      for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) text += chunk.toString();
      texts.push(text);
      if (stream === 0) {
        body.nextStream();
        req.sendContinue(more);
      }
    }
    return new SwiftResponse(201, {}, Buffer.from(texts.join('|')));
  });
  const client = await RawClient.open(server.port);
  const interim = 'HTTP/1.1 100 Continue\r\nX-Obj-Multiphase-Commit: yes\r\nX-Obj-Metadata-Footer: yes\r\n\r\n';
  client.send('PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n');
  expect(await client.take('\r\n\r\n')).toBe(interim);
  client.send('3\r\nabc\r\n2;ext\r\nde\r\n0\r\nTrailer: ignored\r\n\r\n');
  expect(await client.take('\r\n\r\n')).toBe(interim);
  expect(await client.send('6\r\ncommit\r\n0\r\n\r\n').take('abcde|commit')).toContain('201 Created');
  // The connection is still good for another request.
  expect(await client.send('GET /b HTTP/1.1\r\nX: 1\r\n\r\n').take('\r\n\r\n')).toContain('HTTP/1.1');
});

test('an answer may go out while its request still comes in', async () => {
  const server = await startServer((req) => Promise.resolve(new SwiftResponse(200, {}, req.body)));
  const client = await RawClient.open(server.port);
  client.send('SSYNC /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n');
  expect(await client.take('\r\n\r\n')).toContain('Transfer-Encoding: chunked');
  for (const word of ['one', 'two', 'three']) {
    client.send(`${word.length.toString(16)}\r\n${word}\r\n`);
    expect(await client.take(`${word}\r\n`)).toBe(`${word.length}\r\n${word}\r\n`);
  }
  expect(await client.send('0\r\n\r\n').take('\r\n\r\n')).toBe('0\r\n\r\n');
  expect(await client.send(`GET /b HTTP/1.1\r\n${CLOSE}`).rest()).toContain('200 OK');
});

test('a little of an unread body is dropped and the connection kept', async () => {
  const server = await startServer((req) => Promise.resolve(new SwiftResponse(200, {}, Buffer.from(req.target))));
  const body = 'x'.repeat(60_000);
  const raw = `PUT /1 HTTP/1.1\r\nContent-Length: 60000\r\n\r\n${body}`;
  const chunked = `PUT /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n${body}\r\n0\r\n\r\n`;
  const answer = await exchange(server.port, `${raw}${chunked}GET /3 HTTP/1.1\r\n${CLOSE}`);
  expect(statuses(answer)).toEqual([200, 200, 200]);
});

test('with much of a body unread the answer still arrives and the connection closes', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(413, {}, Buffer.from('too large'))));
  const client = await RawClient.open(server.port);
  client.send(`PUT /1 HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(5_000_000)}`);
  const answer = await client.rest();
  expect(answer).toContain('\r\nConnection: close\r\n');
  expect(answer.endsWith('too large')).toBe(true);
});

test('a client that stalls in its body makes the read throw, which is a 408', async () => {
  const server = await startServer(echo, { clientTimeoutMs: 30 });
  const client = await RawClient.open(server.port);
  const answer = await client.send('PUT /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc').rest();
  expect(statuses(answer)).toEqual([408]);
  expect(answer).toContain('\r\nConnection: close\r\n');
});

test('a client that stalls in its head gets 408, one that says nothing is closed without a word', async () => {
  const server = await startServer(echo, { clientTimeoutMs: 30, keepAliveTimeoutMs: 20 });
  expect(statuses(await exchange(server.port, 'PUT /a HTTP/1.1\r\nHos'))).toEqual([408]);
  expect(await exchange(server.port, '')).toBe('');
  const kept = await exchange(server.port, 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(statuses(kept)).toEqual([200]);
});

test('a client that goes away in mid-body makes the read throw 499 and aborts the signal', async () => {
  const thrown = Promise.withResolvers<unknown>();
  const aborted = Promise.withResolvers<void>();
  const server = await startServer(async (req) => {
    req.signal.addEventListener('abort', () => aborted.resolve());
    try {
      return await echo(req);
    } catch (error) {
      thrown.resolve(error);
      throw error;
    }
  });
  const client = await RawClient.open(server.port);
  client.send('PUT /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc');
  client.socket.end();
  await aborted.promise;
  expect(await thrown.promise).toMatchObject({ status: 499 });
});

test('a client that cuts the connection while its answer is made aborts the signal', async () => {
  const entered = Promise.withResolvers<void>();
  const info = Promise.withResolvers<SentInfo>();
  const server = await startServer(async (req) => {
    const gone = new Promise((resolve) => req.signal.addEventListener('abort', resolve));
    entered.resolve();
    await gone;
    return new SwiftResponse(200, {}, Buffer.from('for no one')).onSent(info.resolve);
  });
  const client = await RawClient.open(server.port);
  client.send('GET /a HTTP/1.1\r\n\r\n');
  await entered.promise;
  client.socket.resetAndDestroy();
  expect(await info.promise).toMatchObject({ status: 200, complete: false, firstByteTime: undefined });
});

test('a client that closes its side after the request still gets its answer', async () => {
  const server = await startServer(async (req) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return echo(req);
  });
  const client = await RawClient.open(server.port);
  client.send('PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc').socket.end();
  expect((await client.rest()).endsWith('abc')).toBe(true);
});

test('what a handler throws becomes an answer: its own, or a 500 and a report', async () => {
  const reported: unknown[] = [];
  const bug = new Error('bug');
  const server = await startServer(
    (req) => Promise.reject(req.target === '/a' ? new HttpError(409, 'taken', { 'x-backend-timestamp': '1' }) : bug),
    { onHandlerError: (error) => void reported.push(error) },
  );
  const answer = await exchange(server.port, `GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n${CLOSE}`);
  expect(statuses(answer)).toEqual([409, 500]);
  expect(answer).toContain('X-Backend-Timestamp: 1\r\n');
  expect(answer).toContain('500 Internal Error\r\n');
  expect(reported).toEqual([bug]);
});

const unsendable: Record<string, string>[] = [
  { 'x-a': 'b\r\nX-Evil: 1' },
  { 'x-a': 'b\nX-Evil: 1' },
  { 'x-a': '\0Evil' },
  { 'x-a\r\nX-Evil': '1' },
  { 'x-evil:': '1' },
  { 'content-length': '3,3', 'x-evil': '1' },
];

test.each(unsendable)('a header that would break the head is never sent: %j', async (headers) => {
  const body = new Chunks('abc');
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200, headers, body)), {
    onHandlerError: () => undefined,
  });
  const answer = await exchange(server.port, `GET /a HTTP/1.1\r\n\r\n`);
  expect(statuses(answer)).toEqual([500]);
  expect(answer).not.toContain('Evil');
  expect(body.closed).toBeGreaterThan(0);
});

test('a client that sends its body unasked, after a final answer came in place of 100, can still read that answer', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(507, {}, Buffer.from('no room'))));
  const client = await RawClient.open(server.port);
  client.send('PUT /a HTTP/1.1\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n');
  client.send('x'.repeat(3_000_000));
  expect((await client.rest()).endsWith('no room')).toBe(true);
});

const broken: [string, Chunks, Record<string, string>, boolean][] = [
  ['throws in the middle', new Chunks('abc', new Error('disk')), {}, true],
  ['throws in the middle of its length', new Chunks('abc', new Error('disk')), { 'content-length': '9' }, true],
  ['is shorter than its length', new Chunks('abc'), { 'content-length': '9' }, true],
  ['is longer than its length', new Chunks('abc', 'defghi'), { 'content-length': '5' }, false],
];

test.each(broken)('a body that %s ends the connection, is closed and told of', async (_, body, headers, short) => {
  const info: SentInfo[] = [];
  const server = await startServer(
    () => Promise.resolve(new SwiftResponse(200, headers, body).onSent((sent) => void info.push(sent))),
    { onHandlerError: () => undefined },
  );
  const answer = await exchange(server.port, 'GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
  expect(statuses(answer)).toEqual([200]);
  expect(answer.endsWith('0\r\n\r\n')).toBe(false);
  expect(info).toMatchObject([{ status: 200, bodyBytes: short ? 3 : 5, complete: !short }]);
  expect(body.closed).toBeGreaterThan(0);
});

test('a body that throws before its first byte leaves room for a 500', async () => {
  const body = new Chunks(new Error('disk'));
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200, {}, body)), {
    onHandlerError: () => undefined,
  });
  expect(statuses(await exchange(server.port, 'GET /a HTTP/1.1\r\n\r\n'))).toEqual([500]);
  expect(body.closed).toBeGreaterThan(0);
});

test('listeners learn what was sent, once', async () => {
  const info: SentInfo[] = [];
  const before = Date.now() / 1000;
  const server = await startServer(() =>
    Promise.resolve(new SwiftResponse(200, {}, new Chunks('abc', 'de')).onSent((sent) => void info.push(sent))),
  );
  await exchange(server.port, `GET /a HTTP/1.1\r\n${CLOSE}`);
  expect(info).toMatchObject([{ status: 200, bodyBytes: 5, complete: true }]);
  expect(info[0]?.firstByteTime).toBeGreaterThanOrEqual(before);
});
