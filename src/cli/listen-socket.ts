/**
 * The listening socket that a server's workers inherit. The parent makes it with the system's own calls, since Node's would accept
 * connections too, and holds it: connections that come while no worker is there wait in its backlog.
 */

import { closeSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { BindError } from '../compose/bind-error.ts';

export interface ListenAddress {
  host: string;
  port: number;
  backlog: number;
  /** How long to go on trying while the port is taken. */
  timeoutMs: number;
}

export interface ListenSocket {
  readonly fd: number;
  readonly host: string;
  /** As bound: where 0 was asked for, the one that the system chose. */
  readonly port: number;
  /** May be called more than once. */
  close(): void;
}

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const BIND_RETRY_MS = 100;
const ERROR_NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

interface SocketCalls {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, address: Buffer, length: Buffer): number;
}

function socketCalls(): SocketCalls {
  const libc = koffi.load('libc.so.6');
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)') as SocketCalls['socket'],
    setsockopt: libc.func(
      'int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)',
    ) as SocketCalls['setsockopt'],
    bind: libc.func('int bind(int fd, const uint8_t *address, uint32_t length)') as SocketCalls['bind'],
    listen: libc.func('int listen(int fd, int backlog)') as SocketCalls['listen'],
    getsockname: libc.func(
      'int getsockname(int fd, _Out_ uint8_t *address, _Inout_ uint8_t *length)',
    ) as SocketCalls['getsockname'],
  };
}

/** Binds and listens; tries again for `timeoutMs` while the port is taken. Throws BindError. */
export async function openListenSocket(address: ListenAddress): Promise<ListenSocket> {
  const { host, port, timeoutMs } = address;
  const resolved = await lookup(host).catch((error: unknown) => {
    throw new BindError(`cannot listen on ${host}:${port}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  });
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const made = tryListen(resolved, port, address.backlog);
    if (typeof made === 'number') return new OpenSocket(made, host, port === 0 ? boundPort(made) : port);
    if (made !== 'EADDRINUSE') throw new BindError(`cannot listen on ${host}:${port}: ${made}`);
    if (Date.now() >= deadline) {
      throw new BindError(
        `Could not bind to ${host}:${port} after trying for ${timeoutMs / 1000} seconds: the port is in use`,
      );
    }
    await sleep(BIND_RETRY_MS);
  }
}

class OpenSocket implements ListenSocket {
  readonly fd: number;
  readonly host: string;
  readonly port: number;
  #open = true;

  constructor(fd: number, host: string, port: number) {
    this.fd = fd;
    this.host = host;
    this.port = port;
  }

  close(): void {
    if (this.#open) closeSync(this.fd);
    this.#open = false;
  }
}

/** The listening descriptor, or the name of the error. */
function tryListen(host: { address: string; family: number }, port: number, backlog: number): number | string {
  const calls = socketCalls();
  const isIpv6 = host.family === 6;
  const fd = calls.socket(isIpv6 ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return errorName();
  const reuse = Buffer.from(new Int32Array([1]).buffer);
  const address = isIpv6 ? ipv6Address(host.address, port) : ipv4Address(host.address, port);
  if (
    calls.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, reuse, reuse.length) === 0 &&
    calls.bind(fd, address, address.length) === 0 &&
    calls.listen(fd, backlog) === 0
  ) {
    return fd;
  }
  const name = errorName();
  closeSync(fd);
  return name;
}

function boundPort(fd: number): number {
  const address = Buffer.alloc(28);
  const length = Buffer.from(new Uint32Array([address.length]).buffer);
  if (socketCalls().getsockname(fd, address, length) !== 0) throw new BindError(`getsockname: ${errorName()}`);
  return address.readUInt16BE(2);
}

function errorName(): string {
  const errno = koffi.errno();
  return ERROR_NAMES.get(errno) ?? `error ${errno}`;
}

/** `struct sockaddr_in`. */
function ipv4Address(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

/** `struct sockaddr_in6`. */
function ipv6Address(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  const [text = '', scope = ''] = address.split('%');
  const [head = '', tail] = text.split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  for (const [at, group] of front.entries()) bytes.writeUInt16BE(group, 8 + at * 2);
  for (const [at, group] of back.entries()) bytes.writeUInt16BE(group, 8 + (8 - back.length + at) * 2);
  bytes.writeUInt32LE(Number(scope) || 0, 24);
  return bytes;
}

/** The 16-bit groups of a part of an IPv6 address, a dotted IPv4 end included. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
