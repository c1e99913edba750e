/**
 * The floor of bodies: bytes that pass the hops of Swift's requests and are hashed where Swift hashes them, without anything else. There is no
 * protocol: a client that writes sends SIZE bytes and waits for one byte; a client that reads sends one byte and gets SIZE bytes. Connections
 * stay. Prints its port as JSON.
 *
 *     copy-wire.ts store FOLDER SIZE   a storage node that is written to: files in FOLDER
 *     copy-wire.ts give FOLDER SIZE    one that is read from: a file in FOLDER
 *     copy-wire.ts fan-out PORT...     a proxy of writes, to all these nodes
 *     copy-wire.ts pass-on PORT        a proxy of reads, from this node
 */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const CHUNK_BYTES = 1 << 16;
const DONE = Buffer.from('.');
const [role, ...args] = process.argv.slice(2);

function serve(handle: (socket: Socket) => void): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    handle(socket);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
}

/** A storage node of writes: each body to a file, from its start, hashed on the way. */
function store(folder: string, size: number): void {
  let files = 0;
  serve((socket) => {
    const fd = openSync(`${folder}/${process.pid}-${files++}`, 'w');
    let md5 = createHash('md5');
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      md5.update(chunk);
      writeSync(fd, chunk, 0, chunk.length, received);
      received += chunk.length;
      if (received < size) return;
      md5.digest('hex');
      md5 = createHash('md5');
      received = 0;
      socket.write(DONE);
    });
    socket.on('close', () => closeSync(fd));
  });
}

/** A storage node of reads: one file, hashed on the way. */
function give(folder: string, size: number): void {
  const path = `${folder}/${process.pid}`;
  const filled = openSync(path, 'w');
  for (let at = 0; at < size; at += CHUNK_BYTES) writeSync(filled, Buffer.alloc(Math.min(CHUNK_BYTES, size - at)));
  closeSync(filled);
  serve((socket) => {
    const fd = openSync(path, 'r');
    const send = async (): Promise<void> => {
      const md5 = createHash('md5');
      for (let at = 0; at < size; at += CHUNK_BYTES) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
        readSync(fd, chunk, 0, chunk.length, at);
        md5.update(chunk);
        if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
      }
      md5.digest('hex');
    };
    socket.on('data', () => void send());
    socket.on('close', () => closeSync(fd));
  });
}

/** A proxy of writes: all nodes at the pace of the slowest. */
function fanOut(ports: readonly number[]): void {
  serve((client) => {
    let [waiting, done] = [0, 0];
    const nodes = ports.map((port) => connect({ host: '127.0.0.1', port, noDelay: true }));
    for (const node of nodes) {
      node.on('drain', () => --waiting === 0 && client.resume());
      node.on('data', () => ++done % nodes.length === 0 && client.write(DONE));
      node.on('error', () => client.destroy());
    }
    client.on('data', (chunk: Buffer) => {
      for (const node of nodes) if (!node.write(chunk)) waiting++;
      if (waiting > 0) client.pause();
    });
    client.on('close', () => nodes.forEach((node) => node.destroy()));
  });
}

/** A proxy of reads. */
function passOn(port: number): void {
  serve((client) => {
    const node = connect({ host: '127.0.0.1', port, noDelay: true });
    node.on('error', () => client.destroy());
    client.on('data', (chunk) => node.write(chunk));
    node.on('data', (chunk) => !client.write(chunk) && node.pause());
    client.on('drain', () => node.resume());
    client.on('close', () => node.destroy());
  });
}

const roles: Readonly<Record<string, () => void>> = {
  store: () => store(args[0] ?? '', Number(args[1])),
  give: () => give(args[0] ?? '', Number(args[1])),
  'fan-out': () => fanOut(args.map(Number)),
  'pass-on': () => passOn(Number(args[0])),
};
roles[role ?? '']?.();
