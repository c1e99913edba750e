import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Command, eventually } from './command.ts';
import { putHeaders, request } from './http-client.ts';
import { NodeFolder } from './node-fixture.ts';

async function startObjectServer(
  options: Record<string, string> = {},
): Promise<{ node: NodeFolder; server: Command; port: number }> {
  const node = await NodeFolder.make();
  const server = new Command('swift-object-server', [node.writeConf('object', options), '--verbose']);
  const port = node.ports.object;
  await eventually(() => serves(port));
  return { node, server, port };
}

function serves(port: number): Promise<boolean> {
  return request(port, '/sdb1/0/a/c/o').then(
    () => true,
    () => false,
  );
}

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

/** A PUT whose body is half sent. */
class HalfPut {
  readonly socket: Socket;
  answer = '';
  readonly closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => (this.answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    this.closed = once(socket, 'close');
    onTestFinished(() => void socket.destroy());
  }

  /** Begins, and waits until the server reads the body. */
  static async begin(port: number): Promise<HalfPut> {
    const put = new HalfPut(connect(port, '127.0.0.1'));
    const headers = { ...putHeaders(), 'Content-Length': '8', Expect: '100-continue' };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    put.socket.write(`PUT /sdb1/0/a/c/half HTTP/1.1\r\n${lines.join('')}\r\n`);
    await eventually(() => put.answer.includes('100 Continue'));
    put.socket.write('half');
    return put;
  }

  async finish(): Promise<string> {
    this.socket.write('half');
    await this.closed;
    return this.answer;
  }
}

for (const workers of ['0', '2']) {
  test(`SIGTERM with workers = ${workers} lets a request in progress finish, frees the port and exits 0`, async () => {
    const { server, port } = await startObjectServer({ workers });
    const put = await HalfPut.begin(port);
    server.signal('SIGTERM');
    await eventually(() => refuses(port));
    expect(await put.finish()).toContain('201 Created');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.pids()).toEqual([]);
  });

  test(`SIGTERM with workers = ${workers} cuts a request off that does not finish within its grace`, async () => {
    const { server, port } = await startObjectServer({ workers });
    const put = await HalfPut.begin(port);
    const started = Date.now();
    server.signal('SIGTERM');
    server.signal('SIGTERM'); // no stronger than one
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(Date.now() - started).toBeLessThan(9000);
    await put.closed;
    expect(put.answer).not.toContain('201');
    expect(server.pids()).toEqual([]);
  });

  test(`SIGHUP with workers = ${workers} stops accepting, serves what is in progress for as long as it takes, then exits`, async () => {
    const { server, port } = await startObjectServer({ workers });
    const put = await HalfPut.begin(port);
    server.signal('SIGHUP');
    await eventually(() => refuses(port));
    expect(server.pids().length).toBeGreaterThan(0);
    expect(await put.finish()).toContain('201 Created');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.pids()).toEqual([]);
  });
}

test('SIGINT to the whole process group, as a terminal sends it, ends cleanly', async () => {
  const { server, port } = await startObjectServer({ workers: '2' });
  const put = await HalfPut.begin(port);
  server.signal('SIGINT', { group: true });
  server.signal('SIGINT', { group: true });
  await eventually(() => refuses(port));
  expect(await put.finish()).toContain('201 Created');
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

test('a SIGTERM during a drain ends it', async () => {
  const { server, port } = await startObjectServer();
  const put = await HalfPut.begin(port);
  server.signal('SIGHUP');
  await eventually(() => refuses(port));
  server.signal('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
  await put.closed;
});

test('SIGUSR1 opens no debugger, neither in the parent nor in a worker nor with workers = 0', async () => {
  const { server, port } = await startObjectServer();
  server.signal('SIGUSR1', { group: true });
  await server.said('reloaded');
  const alone = await startObjectServer({ workers: '0' });
  alone.server.signal('SIGUSR1');
  await alone.server.said('SIGUSR1');
  expect(server.stderr + alone.server.stderr).not.toContain('Debugger');
  expect(await serves(port)).toBe(true);
  expect(await serves(alone.port)).toBe(true);
});

test('a worker that is killed is replaced, and connections that come meanwhile wait for the next', async () => {
  const { server, port } = await startObjectServer();
  for (let round = 1; round <= 2; round++) {
    const [worker] = server.workerPids();
    process.kill(worker as number, 'SIGKILL');
    await server.said('ended unexpectedly (SIGKILL)', round);
    expect(await serves(port)).toBe(true);
    expect(server.workerPids()).not.toContain(worker);
  }
});

test('workers whose parent is killed finish what they serve and exit', async () => {
  const { server, port } = await startObjectServer({ workers: '2' });
  const put = await HalfPut.begin(port);
  server.signal('SIGKILL');
  await eventually(() => refuses(port));
  expect(await put.finish()).toContain('201 Created');
  await eventually(() => server.pids().length === 0);
});

test('a port in use is waited for, for bind_timeout, and then told', async () => {
  const node = await NodeFolder.make();
  const blocker = createServer();
  blocker.listen(node.ports.object, '127.0.0.1');
  await once(blocker, 'listening');
  onTestFinished(() => void blocker.close());
  for (const workers of ['0', '1']) {
    const refused = new Command('swift-object-server', [node.writeConf('object', { bind_timeout: '0.3', workers })]);
    expect((await refused.exited).code).toBe(1);
    expect(refused.stderr.trimEnd()).toBe(
      `swift-object-server: Could not bind to 127.0.0.1:${node.ports.object} after trying for 0.3 seconds: the port is in use`,
    );
  }
  const waiting = new Command('swift-object-server', [node.writeConf('object', { bind_timeout: '20' })]);
  await eventually(() => readFileSync(`/proc/${waiting.pid}/comm`, 'latin1').startsWith('swift-object'));
  blocker.close();
  await eventually(() => serves(node.ports.object));
});

test('the server listens on IPv6 addresses too', async () => {
  const node = await NodeFolder.make();
  const server = new Command('swift-object-server', [node.writeConf('object', { bind_ip: '::1' })]);
  const answer = await eventually(() =>
    request(node.ports.object, '/sdb1/0/a/c/o', { host: '::1' }).catch(() => undefined),
  );
  expect(answer?.status).toBe(404);
  server.signal('SIGTERM');
  expect((await server.exited).code).toBe(0);
});
