import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { BindError } from '../../../src/compose/bind-error.ts';
import { listen } from '../../../src/compose/serving.ts';
import { HttpServer } from '../../../src/http/server.ts';
import { textResponse } from '../../../src/middleware-api.ts';
import { FakeLog } from '../../../src/testing.ts';

type ListenOptions = Parameters<typeof listen>[1];

function server(): HttpServer {
  const made = new HttpServer({
    handler: async () => textResponse(200, 'here'),
    log: new FakeLog(),
    clientTimeoutMs: 1000,
    keepAliveTimeoutMs: 1000,
    maxRequestLine: 8192,
    maxHeaderLine: 8192,
    maxHeaderCount: 100,
  });
  onTestFinished(() => made.close());
  return made;
}

function options(bindTimeoutSeconds: number, ip = '127.0.0.1'): ListenOptions {
  return { bind_ip: ip, bind_port: 1, bind_timeout: bindTimeoutSeconds, backlog: 16 } as ListenOptions;
}

async function takenPort(): Promise<{ port: number; free: () => void }> {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  onTestFinished(() => void holder.close());
  return { port: (holder.address() as AddressInfo).port, free: () => void holder.close() };
}

test('it listens on the port that is given in place of the config', async () => {
  const made = server();
  await listen(made, options(0), 0);
  expect(await (await fetch(`http://127.0.0.1:${made.port}/`)).text()).toBe('here');
});

test('a port that is taken is told after bind_timeout', async () => {
  const { port } = await takenPort();
  await expect(listen(server(), options(0), port)).rejects.toThrow(BindError);
  await expect(listen(server(), options(0.2), port)).rejects.toThrow(`127.0.0.1:${port}`);
});

test('a port that becomes free within bind_timeout is taken', async () => {
  const { port, free } = await takenPort();
  const made = server();
  const listening = listen(made, options(20), port);
  free();
  await listening;
  expect(made.port).toBe(port);
});

test('an address that this machine does not have is told at once', async () => {
  await expect(listen(server(), options(20, '192.0.2.1'), 0)).rejects.toThrow('cannot listen on 192.0.2.1:0');
});
