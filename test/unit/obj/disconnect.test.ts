import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../../src/http/server.ts';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { storages } from '../../contract/object-storages.ts';
import { objectServer } from './support.ts';

describe.each(storages)('over a socket, with the $name', ({ make }) => {
  test('a client that goes away in the middle of a PUT gets 499 in the log and leaves nothing', async () => {
    const { storage, end } = await make(['sdb1']);
    const server = objectServer({ storage });
    let answered: (response: SwiftResponse) => void = () => undefined;
    const answer = new Promise<SwiftResponse>((resolve) => (answered = resolve));
    const http = new HttpServer({
      handler: async (req) => {
        const response = await server.app(req);
        answered(response);
        return response;
      },
      log: server.log,
      clientTimeoutMs: 5000,
      keepAliveTimeoutMs: 5000,
      maxRequestLine: 8192,
      maxHeaderLine: 8192,
      maxHeaderCount: 126,
    });
    await http.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect(http.port as number, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'PUT /sdb1/7/AUTH_test/c/o HTTP/1.1\r\nHost: x\r\nX-Timestamp: 1700000010.00000\r\nContent-Type: a/b\r\n' +
        'Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n',
    );
    await once(socket, 'data');
    socket.write(Buffer.alloc(300_000, 'x'), () => socket.destroy());
    expect((await answer).status).toBe(499);
    expect(server.log.lines.at(-1)).toContain('"PUT /sdb1/7/AUTH_test/c/o" 499');
    expect((await server.request('GET', '/sdb1/7/AUTH_test/c/o')).status).toBe(404);
    expect(await storage.suffixHashes('sdb1', '7', 0)).toEqual(new Map());
    await http.close();
    await server.host.close();
    await end();
  });
});
