import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SocketTransport } from '../../../src/backend/socket-transport.ts';
import type { BackendExchange, BackendRequest } from '../../../src/backend/transport.ts';
import { readAll } from '../../../src/http/body.ts';
import { Headers } from '../../../src/http/headers.ts';
import type { IncomingBody } from '../../../src/http/incoming-body.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { startServer } from '../http/http-harness.ts';

const WAIT_MS = 3000;

function newTransport(options: { idleTimeoutMs?: number } = {}): SocketTransport {
  const transport = new SocketTransport(options);
  onTestFinished(() => transport.close());
  return transport;
}

function request(port: number, init: Partial<BackendRequest> = {}): BackendRequest {
  const headers = new Headers();
  return {
    ip: '127.0.0.1',
    port,
    method: 'GET',
    target: '/a',
    headers,
    body: 'none',
    connectTimeoutMs: WAIT_MS,
    ...init,
  };
}

/** Final status and body. */
async function finish(exchange: BackendExchange): Promise<[number, string]> {
  const head = await exchange.head(WAIT_MS);
  return [head.status, (await readAll(exchange.body(WAIT_MS))).toString('latin1')];
}

/** A server that answers by hand: `script` sees each connection and the bytes that come on it. */
async function scripted(script: (socket: Socket, received: string, connection: number) => void): Promise<number> {
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    let received = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      script(socket, received, connection);
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

test('requests go out in title case with Host and the framing of their body', async () => {
  const seen: string[] = [];
  const port = await scripted((socket, received) => {
    if (!received.endsWith('0\r\n\r\n')) return;
    seen.push(received);
    socket.end('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n');
  });
  const headers = new Headers({ 'x-object-meta-\xe0': '\xff', connection: 'close', 'content-length': '99' });
  const exchange = await newTransport().open(
    request(port, { method: 'PUT', target: '/a%20\xff', headers, body: 'chunked' }),
  );
  await exchange.write(Buffer.from('hello'), WAIT_MS);
  exchange.end();
  expect(await finish(exchange)).toEqual([201, '']);
  expect(seen).toEqual([
    `PUT /a%20\xff HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Object-Meta-\xe0: \xff\r\nConnection: close\r\n` +
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ]);
});

test('connections are used again, unless the request says Connection: close', async () => {
  const ports = new Set<number>();
  const server = await startServer((req) => {
    ports.add(req.remotePort);
    return Promise.resolve(new SwiftResponse(200, {}, Buffer.from('abc')));
  });
  const transport = newTransport();
  for (let at = 0; at < 5; at++) expect(await finish(await transport.open(request(server.port)))).toEqual([200, 'abc']);
  expect(ports.size).toBe(1);
  expect(transport.idleCount).toBe(1);
  const headers = new Headers({ connection: 'close' });
  await finish(await transport.open(request(server.port, { headers })));
  expect(ports.size).toBe(2);
  expect(transport.idleCount).toBe(1);
});

test('an idle connection is given up when its time is over or the server closes it', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(204)), { keepAliveTimeoutMs: 20 });
  for (const idleTimeoutMs of [5, 2000]) {
    const transport = newTransport({ idleTimeoutMs });
    (await transport.open(request(server.port))).close();
    const exchange = await transport.open(request(server.port));
    await exchange.head(WAIT_MS);
    exchange.close();
    expect(transport.idleCount).toBe(1);
    await expect.poll(() => transport.idleCount, { interval: 5 }).toBe(0);
  }
});

test('a reused connection that turns out dead is replaced once, when nothing of a body was sent', async () => {
  const port = await scripted((socket, received, connection) => {
    const requests = received.split('\r\n\r\n').length - 1;
    if (connection === 1 && requests === 2) socket.resetAndDestroy();
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n' + String(connection));
  });
  const transport = newTransport();
  expect(await finish(await transport.open(request(port)))).toEqual([200, '1']);
  expect(await finish(await transport.open(request(port)))).toEqual([200, '2']);
});

test('a fresh connection that dies is lost, and so is a reused one that has said something', async () => {
  const port = await scripted((socket, received) => {
    if (!received.includes('/die')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    else if (received.startsWith('GET /die')) socket.destroy();
    else if (received.endsWith('abc')) socket.destroy();
    else socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  });
  const transport = newTransport();
  const fresh = await transport.open(request(port, { target: '/die' }));
  await expect(fresh.head(WAIT_MS)).rejects.toMatchObject({ fault: 'lost' });
  await finish(await transport.open(request(port)));
  expect(transport.idleCount).toBe(1);
  const headers = new Headers({ expect: '100-continue' });
  const begun = await transport.open(request(port, { method: 'PUT', target: '/die', headers, body: 4 }));
  expect((await begun.head(WAIT_MS)).status).toBe(100);
  await begun.write(Buffer.from('abc'), WAIT_MS);
  await expect(begun.head(WAIT_MS)).rejects.toMatchObject({ fault: 'lost' });
  expect(transport.idleCount).toBe(0);
});

test('a body that is sent unasked, and so could not be sent again, goes on a fresh connection', async () => {
  const port = await scripted((socket, received, connection) => {
    if (received.startsWith('PUT') && !received.endsWith('body')) return;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${connection}`);
  });
  const transport = newTransport();
  expect(await finish(await transport.open(request(port)))).toEqual([200, '1']);
  const exchange = await transport.open(request(port, { method: 'PUT', body: 4 }));
  await exchange.write(Buffer.from('body'), WAIT_MS);
  exchange.end();
  expect(await finish(exchange)).toEqual([200, '2']);
  expect(transport.idleCount).toBe(2);
});

test('each 100 is a head, and several streams of chunks may follow one another', async () => {
  const server = await startServer(async (req) => {
    const body = req.body as IncomingBody;
    req.sendContinue(new Headers({ 'x-obj-metadata-footer': 'yes' }));
    const first = await drain(body);
    body.nextStream();
    req.sendContinue();
    return new SwiftResponse(201, {}, Buffer.from(`${first}+${await drain(body)}`));
  });
  const transport = newTransport();
  const headers = new Headers({ expect: '100-continue' });
  const exchange = await transport.open(request(server.port, { method: 'PUT', headers, body: 'chunked' }));
  const interim = await exchange.head(WAIT_MS);
  expect([interim.status, interim.headers.get('x-obj-metadata-footer')]).toEqual([100, 'yes']);
  await exchange.write(Buffer.from('one'), WAIT_MS);
  exchange.end();
  expect((await exchange.head(WAIT_MS)).status).toBe(100);
  await exchange.write(Buffer.from('two'), WAIT_MS);
  exchange.end();
  expect(await finish(exchange)).toEqual([201, 'one+two']);
  expect(transport.idleCount).toBe(1);
});

async function drain(body: IncomingBody): Promise<string> {
  let text = '';
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) text += chunk.toString();
  return text;
}

test('a final answer in place of 100 ends the use of the connection', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(507)));
  const transport = newTransport();
  const headers = new Headers({ expect: '100-continue' });
  const exchange = await transport.open(request(server.port, { method: 'PUT', headers, body: 3 }));
  expect((await exchange.head(WAIT_MS)).status).toBe(507);
  exchange.close();
  expect(transport.idleCount).toBe(0);
});

const wrong: [string, string, string][] = [
  ['a status line of another protocol', 'ICY 200 OK\r\n\r\n', 'protocol'],
  ['a status that is none', 'HTTP/1.1 2000 OK\r\n\r\n', 'protocol'],
  ['both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'protocol'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc', 'protocol'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 3\n\nabc', 'protocol'],
  ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;\nabc\r\n0\r\n\r\n', 'protocol'],
  ['a body cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc', 'lost'],
  ['chunks cut short', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'lost'],
  ['a head cut short', 'HTTP/1.1 200 OK\r\nContent-Le', 'lost'],
  ['nothing', '', 'lost'],
];

test.each(wrong)('an answer with %s is never taken for a whole one', async (_, answer, fault) => {
  const port = await scripted((socket) => void socket.end(answer, 'latin1'));
  const exchange = await newTransport().open(request(port));
  await expect(finish(exchange)).rejects.toMatchObject({ name: 'BackendError', fault });
});

test('an answer without length lasts until the connection ends', async () => {
  const port = await scripted((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'));
  expect(await finish(await newTransport().open(request(port)))).toEqual([200, 'to the end']);
});

test('waiting is bounded: for the connection, the head, the body and for room to write', async () => {
  const port = await scripted((socket, received) => {
    if (received.includes('/head')) return;
    if (received.includes('/write')) socket.pause();
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
  });
  const transport = newTransport();
  const head = await transport.open(request(port, { target: '/head' }));
  await expect(head.head(10)).rejects.toMatchObject({ fault: 'timeout' });
  const body = await transport.open(request(port, { target: '/body' }));
  await body.head(WAIT_MS);
  await expect(readAll(body.body(10))).rejects.toMatchObject({ fault: 'timeout' });
  const write = await transport.open(request(port, { method: 'PUT', target: '/write', body: 'chunked' }));
  const block = Buffer.alloc(1 << 20);
  const fill = async (): Promise<void> => {
    for (let at = 0; at < 64; at++) await write.write(block, 50);
  };
  await expect(fill()).rejects.toMatchObject({ fault: 'timeout' });
  await expect(transport.open(request(port, { ip: '192.0.2.1', connectTimeoutMs: 5 }))).rejects.toMatchObject({
    name: 'BackendError',
  });
});

test('a port where nobody listens is a connect fault', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200)));
  const { port } = server;
  await server.close();
  await expect(newTransport().open(request(port))).rejects.toMatchObject({ fault: 'connect' });
});

test('an abort ends an exchange wherever it is', async () => {
  const port = await scripted((socket, received) => {
    if (received.includes('/body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
  });
  const transport = newTransport();
  const aborted = { name: 'BackendError', fault: 'aborted' };
  const first = new AbortController();
  const waiting = (await transport.open(request(port, { target: '/head', signal: first.signal }))).head(WAIT_MS);
  first.abort();
  await expect(waiting).rejects.toMatchObject(aborted);
  await expect(transport.open(request(port, { signal: first.signal }))).rejects.toMatchObject(aborted);
  const second = new AbortController();
  const exchange = await transport.open(request(port, { target: '/body', signal: second.signal }));
  await exchange.head(WAIT_MS);
  const body = exchange.body(WAIT_MS);
  expect(String(await body.read())).toBe('abc');
  const reading = body.read();
  second.abort();
  await expect(reading).rejects.toMatchObject(aborted);
});

test('bodies longer or shorter than their Content-Length are faults, and headers that break a head are not sent', async () => {
  const server = await startServer(async (req) => new SwiftResponse(200, {}, await readAll(req.body)));
  const transport = newTransport();
  const long = await transport.open(request(server.port, { method: 'PUT', body: 3 }));
  expect(() => long.write(Buffer.from('four'), WAIT_MS)).toThrow('longer');
  const short = await transport.open(request(server.port, { method: 'PUT', body: 3 }));
  expect(() => short.end()).toThrow('shorter');
  for (const headers of [new Headers({ 'x-a': 'b\r\nc: d' }), new Headers({ 'x\na': 'b' })]) {
    await expect(transport.open(request(server.port, { headers }))).rejects.toMatchObject({ fault: 'protocol' });
  }
  await expect(transport.open(request(server.port, { target: '/a b' }))).rejects.toMatchObject({ fault: 'protocol' });
});

test('an answer that nobody reads leaves its connection usable when the whole of it has come', async () => {
  const port = await scripted((socket, received, connection) => {
    const rest = received.includes('/short') ? 'ab' : 'abc';
    socket.write(`HTTP/1.1 404 Not Found\r\nX-Connection: ${connection}\r\nContent-Length: 3\r\n\r\n${rest}`);
  });
  const transport = newTransport();
  const connectionOf = async (target: string): Promise<string | undefined> => {
    const exchange = await transport.open(request(port, { target }));
    const { headers } = await exchange.head(WAIT_MS);
    exchange.close();
    return headers.get('x-connection');
  };
  expect([await connectionOf('/whole'), await connectionOf('/short'), await connectionOf('/a')]).toEqual([
    '1',
    '1',
    '2',
  ]);
});

test('a body closed before its end closes the connection', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200, {}, Buffer.alloc(1_000_000))));
  const transport = newTransport();
  const exchange = await transport.open(request(server.port));
  await exchange.head(WAIT_MS);
  const body = exchange.body(WAIT_MS);
  await body.read();
  await body.close();
  expect(transport.idleCount).toBe(0);
  await expect.poll(() => server.connectionCount, { interval: 5 }).toBe(0);
});
