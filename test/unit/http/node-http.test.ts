import fc from 'fast-check';
import { type IncomingMessage, request as httpRequest, createServer, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { SocketTransport } from '../../../src/backend/socket-transport.ts';
import { readAll } from '../../../src/http/body.ts';
import { Headers } from '../../../src/http/headers.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { RawClient, startServer, statuses } from './http-harness.ts';

/** What both take: names of tokens, values without controls, methods that node:http knows. */
const ownNames = [
  'connection',
  'transfer-encoding',
  'content-length',
  'expect',
  'host',
  'upgrade',
  'trailer',
  'te',
  'date',
];
const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'COPY');
const target = fc.stringMatching(/^\/[!-"$-~]{0,40}$/);
const isPlain = (text: string): boolean =>
  !ownNames.includes(text.toLowerCase()) && !/^(__proto__|keep-alive|proxy-.*|\d+)$/i.test(text);
const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/).filter(isPlain);
/** Our server takes an underscore for a hyphen. */
const requestName = fc.stringMatching(/^[!#$%&'*+.^`|~0-9A-Za-z-]{1,20}$/).filter(isPlain);
const value = fc.stringMatching(/^([!-~\x80-\xff]([ -~\x80-\xff]{0,30}[!-~\x80-\xff])?)?$/);
const fieldsOf = (names: fc.Arbitrary<string>): fc.Arbitrary<[string, string][]> =>
  fc.uniqueArray(fc.tuple(names, value), { maxLength: 8, selector: ([text]) => text.toLowerCase() });
const fields = fieldsOf(name);
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 });
const framing = fc.constantFrom('length', 'chunked');

interface Message {
  method: string;
  target: string;
  fields: [string, string][];
  body: string;
}

const bytesOf = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const lower = (pairs: Iterable<readonly [string, string]>): [string, string][] =>
  [...pairs].map(([key, text]): [string, string] => [key.toLowerCase(), text]);

/** Names and values as node:http received them, without those that the codecs add. */
function rawFields(message: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    pairs.push([message.rawHeaders[at] as string, message.rawHeaders[at + 1] as string]);
  }
  return lower(pairs).filter(([key]) => !ownNames.includes(key) && key !== 'keep-alive');
}

async function nodeBody(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('latin1');
}

test('our client and the server of node:http mean the same by requests and answers', async () => {
  let seen: Message | undefined;
  let reply: (response: ServerResponse) => void = () => undefined;
  const server = createServer((message, response) => {
    void nodeBody(message).then((body) => {
      seen = { method: message.method ?? '', target: message.url ?? '', fields: rawFields(message), body };
      reply(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const transport = new SocketTransport();
  onTestFinished(() => transport.close());
  const { port } = server.address() as { port: number };
  await fc.assert(
    fc.asyncProperty(method, target, fields, chunks, framing, fields, chunks, framing, async (...message) => {
      const [verb, path, sent, parts, kind, answerFields, answerParts, answerKind] = message;
      reply = (response) => {
        for (const [key, text] of answerFields) response.setHeader(key, text);
        if (answerKind === 'length') response.setHeader('Content-Length', bytesOf(answerParts).length);
        for (const part of answerParts) response.write(part);
        response.end();
      };
      const body = kind === 'chunked' ? 'chunked' : bytesOf(parts).length;
      const headers = new Headers(sent);
      const exchange = await transport.open({
        ip: '127.0.0.1',
        port,
        method: verb,
        target: path,
        headers,
        body,
        connectTimeoutMs: 1000,
      });
      for (const part of parts) await exchange.write(part, 1000);
      exchange.end();
      const head = await exchange.head(1000);
      const answered = await readAll(exchange.body(1000));
      expect(seen).toEqual({
        method: verb,
        target: path,
        fields: lower(sent),
        body: bytesOf(parts).toString('latin1'),
      });
      const got = [...head.headers].filter(([key]) => !ownNames.includes(key) && key !== 'keep-alive');
      expect([head.status, got]).toEqual([200, lower(answerFields)]);
      expect(answered).toEqual(bytesOf(answerParts));
    }),
    { numRuns: 200 },
  );
});

test('our server and the client of node:http mean the same by requests and answers', async () => {
  let seen: Message | undefined;
  let reply: () => SwiftResponse = () => new SwiftResponse(500);
  const server = await startServer(async (req) => {
    const all = [...req.headers].filter(([key]) => !ownNames.includes(key));
    seen = { method: req.method, target: req.target, fields: all, body: (await readAll(req.body)).toString('latin1') };
    return reply();
  });
  await fc.assert(
    fc.asyncProperty(method, target, fieldsOf(requestName), chunks, fields, chunks, framing, async (...message) => {
      const [verb, path, sent, parts, answerFields, answerParts, answerKind] = message;
      const fixed = path.endsWith('?') ? `${path}x` : path;
      reply = () => {
        const whole = bytesOf(answerParts);
        const stream = (async function* () {
          for (const part of answerParts) yield await Promise.resolve(part);
        })();
        return new SwiftResponse(200, answerFields, answerKind === 'length' ? whole : stream);
      };
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const { port } = server;
        const req = httpRequest({
          host: '127.0.0.1',
          port,
          method: verb,
          path: fixed,
          headers: Object.fromEntries(sent),
        });
        req.on('response', resolve).on('error', reject);
        req.setHeader('Transfer-Encoding', 'chunked');
        for (const part of parts) req.write(part);
        req.end();
      });
      const answered = await nodeBody(response);
      const body = bytesOf(parts).toString('latin1');
      expect(seen).toEqual({ method: verb, target: fixed, fields: expect.arrayContaining(lower(sent)), body });
      expect(rawFields(response)).toEqual(expect.arrayContaining(lower(answerFields)));
      expect(answered).toBe(bytesOf(answerParts).toString('latin1'));
    }),
    { numRuns: 200 },
  );
});

test('whatever raw request both servers take, they read alike', async () => {
  const strict = createServer((message, response) => {
    void nodeBody(message).then(
      (body) => {
        response.setHeader('X-Seen', Buffer.from(JSON.stringify([message.method, message.url, body])).toString('hex'));
        response.end();
      },
      () => undefined,
    );
  });
  strict.on('clientError', (_, socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void strict.close());
  const ours = await startServer(async (req) => {
    const body = (await readAll(req.body)).toString('utf8');
    return new SwiftResponse(200, {
      'x-seen': Buffer.from(JSON.stringify([req.method, req.target, body])).toString('hex'),
    });
  });
  let taken = 0;
  const piece = fc.constantFrom(
    'Content-Length: 3\r\n',
    'Content-Length: 03\r\n',
    'Content-Length: +3\r\n',
    'Content-Length: 3, 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: CHUNKED\r\n',
    'Transfer-Encoding: gzip\r\n',
    'Transfer-Encoding : chunked\r\n',
    ' folded\r\n',
    'X: a\n',
    'X: a\0\r\n',
    'X: a\r\n',
    ': x\r\n',
    'X\r\n',
  );
  const content = fc.constantFrom(
    '',
    'abc',
    '3\r\nabc\r\n0\r\n\r\n',
    '3;x\r\nabc\r\n0\r\nT: v\r\n\r\n',
    '0\r\n\r\n',
    'zz\r\n',
    '+3\r\nabc\r\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 3 }), content, async (pieces, body) => {
      const raw = `PUT /a HTTP/1.1\r\nHost: h\r\n${pieces.join('')}\r\n${body}`;
      const { port } = strict.address() as { port: number };
      const [theirs, mine] = await Promise.all([answerTo(port, raw), answerTo(ours.port, raw)]);
      if (statuses(mine).join() !== '200' || statuses(theirs).join() !== '200') return;
      taken++;
      expect(/X-Seen: (\w*)/.exec(mine)?.[1]).toBe(/X-Seen: (\w*)/.exec(theirs)?.[1]);
    }),
    { numRuns: 300 },
  );
  expect(taken).toBeGreaterThan(10);
});

/** All answers to `raw`, after which the client sends no more. */
async function answerTo(port: number, raw: string): Promise<string> {
  const client = await RawClient.open(port);
  client.send(raw).socket.end();
  return client.rest();
}
