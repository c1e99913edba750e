import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SwiftResponse } from '../../../src/http/response.ts';
import { startServer } from './http-harness.ts';

const CLIENTS = 64;

test('of many clients that come at once several are accepted in each turn of the loop', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(204)));
  for (let client = 0; client < CLIENTS; client++) {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  }
  let mostInOneTurn = 0;
  for (let before = 0; before < CLIENTS;) {
    await new Promise((resolve) => setImmediate(resolve));
    mostInOneTurn = Math.max(mostInOneTurn, server.connectionCount - before);
    before = server.connectionCount;
  }
  expect(mostInOneTurn).toBeGreaterThanOrEqual(8);
});

test('a server that stops accepting leaves nobody to listen on its port', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(204)));
  const { port } = server;
  server.stopAccepting();
  const outcome = await new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => resolve('connected'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
    onTestFinished(() => void socket.destroy());
  });
  expect(outcome).toBe('ECONNREFUSED');
});
