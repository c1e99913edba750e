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
import { type AddressInfo, connect, createServer, Socket, type SocketConstructorOpts } from 'node:net';

const CHUNK_BYTES = 1 << 16;
const DONE = Buffer.from('.');
const [role, ...args] = process.argv.slice(2);

/** Gives the bytes that came, whose memory is filled anew once the call is over and true was answered. */
type Take = (chunk: Buffer) => boolean;

/** Reads into memory that is used again while its bytes are done with, the least that reading can cost. */
function reading(take: Take): Required<Pick<SocketConstructorOpts, 'onread'>> {
  let memory: Buffer | undefined;
  return {
    onread: {
      buffer: () => (memory ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)),
      callback: (length, buffer) => {
        if (!take((buffer as Buffer).subarray(0, length))) memory = undefined;
        return true;
      },
    },
  };
}

/** Only sockets that connect read into memory of one's own: an accepted connection gets another socket. */
function serve(handle: (adopt: (take: Take) => Socket) => void): void {
  const server = createServer({ noDelay: true }, (accepted: Socket & { _handle?: unknown }) => {
    const { _handle: connection } = accepted;
    accepted._handle = null;
    handle((take) => {
      const socket = new Socket({ handle: connection, ...reading(take) } as SocketConstructorOpts);
      return socket.on('error', () => socket.destroy());
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
}

/** A storage node of writes: each body to a file, from its start, hashed on the way. */
function store(folder: string, size: number): void {
  let files = 0;
  serve((adopt) => {
    const fd = openSync(`${folder}/${process.pid}-${files++}`, 'w');
    let md5 = createHash('md5');
    let received = 0;
    const socket = adopt((chunk) => {
      md5.update(chunk);
      writeSync(fd, chunk, 0, chunk.length, received);
      received += chunk.length;
      if (received < size) return true;
      md5.digest('hex');
      md5 = createHash('md5');
      received = 0;
      socket.write(DONE);
      return true;
    });
    socket.on('close', () => closeSync(fd)).resume();
  });
}

/** A storage node of reads: one file, hashed on the way. */
function give(folder: string, size: number): void {
  const path = `${folder}/${process.pid}`;
  const filled = openSync(path, 'w');
  for (let at = 0; at < size; at += CHUNK_BYTES) writeSync(filled, Buffer.alloc(Math.min(CHUNK_BYTES, size - at)));
  closeSync(filled);
  serve((adopt) => {
    const fd = openSync(path, 'r');
    let memory = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const send = async (): Promise<void> => {
      const md5 = createHash('md5');
      for (let at = 0; at < size; at += CHUNK_BYTES) {
        const chunk = memory.subarray(0, Math.min(CHUNK_BYTES, size - at));
        readSync(fd, chunk, 0, chunk.length, at);
        md5.update(chunk);
        if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
        else if (socket.writableLength > 0) memory = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      }
      md5.digest('hex');
    };
    const socket = adopt(() => {
      void send();
      return true;
    });
    socket.on('close', () => closeSync(fd)).resume();
  });
}

/** A proxy of writes: all nodes at the pace of the slowest. */
function fanOut(ports: readonly number[]): void {
  serve((adopt) => {
    let [waiting, done] = [0, 0];
    const nodes = ports.map((port) => connect({ host: '127.0.0.1', port, noDelay: true }));
    const client = adopt((chunk) => {
      for (const node of nodes) if (!node.write(chunk)) waiting++;
      if (waiting > 0) client.pause();
      return nodes.every((node) => node.writableLength === 0);
    });
    for (const node of nodes) {
      node.on('drain', () => --waiting === 0 && client.resume());
      node.on('data', () => ++done % nodes.length === 0 && client.write(DONE));
      node.on('error', () => client.destroy());
    }
    client.on('close', () => nodes.forEach((node) => node.destroy())).resume();
  });
}

/** A proxy of reads. */
function passOn(port: number): void {
  serve((adopt) => {
    const take: Take = (chunk) => {
      if (!client.write(chunk)) node.pause();
      return client.writableLength === 0;
    };
    const node = connect({ host: '127.0.0.1', port, noDelay: true, ...reading(take) });
    const client = adopt((chunk) => {
      node.write(chunk);
      return node.writableLength === 0;
    });
    node.on('error', () => client.destroy());
    client.on('drain', () => node.resume());
    client.on('close', () => node.destroy()).resume();
  });
}

const roles: Readonly<Record<string, () => void>> = {
  store: () => store(args[0] ?? '', Number(args[1])),
  give: () => give(args[0] ?? '', Number(args[1])),
  'fan-out': () => fanOut(args.map(Number)),
  'pass-on': () => passOn(Number(args[0])),
};
roles[role ?? '']?.();
