/** Where log lines go: a syslog socket, UDP, or standard error. A sink never blocks and never throws; what it cannot take is dropped. */

import { createSocket } from 'node:dgram';
import { existsSync, writeSync } from 'node:fs';
import koffi from 'koffi';

export interface LogSink {
  /** Sends one line; `priority` is facility and severity as syslog counts them. */
  send(priority: number, line: string): void;
  close(): void;
}

/** Python's syslog handler ends each datagram with a NUL, and so does this. */
function datagram(priority: number, line: string): Buffer {
  return Buffer.from(`<${priority}>${line}\0`, 'utf8');
}

export function udpSink(host: string, port: number): LogSink {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.unref();
  socket.on('error', () => undefined); // a log host that is away costs lines, not requests
  return {
    send: (priority, line) => socket.send(datagram(priority, line), port, host, () => undefined),
    close: () => {
      socket.close();
    },
  };
}

export function stderrSink(): LogSink {
  return {
    send: (_priority, line) => {
      try {
        writeSync(2, `${line}\n`);
      } catch {
        // A full pipe or a closed terminal: the line is lost, the server goes on.
      }
    },
    close: () => undefined,
  };
}

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

interface SocketCalls {
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, length: number, flags: number, address: Buffer, addressLength: number): number;
  close(fd: number): number;
}

/** libc's own calls: Node has no datagram sockets of the Unix kind. */
function socketCalls(): SocketCalls {
  const libc = koffi.load('libc.so.6');
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)') as SocketCalls['socket'],
    sendto: libc.func(
      'long sendto(int fd, const uint8_t *data, size_t length, int flags, const uint8_t *address, uint32_t addressLength)',
    ) as SocketCalls['sendto'],
    close: libc.func('int close(int fd)') as SocketCalls['close'],
  };
}

/** A syslog daemon's datagram socket, usually /dev/log. Sent without waiting: a daemon that does not keep up loses lines. */
export function unixSink(path: string): LogSink {
  const calls = socketCalls();
  const fd = calls.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  const address = Buffer.alloc(2 + Buffer.byteLength(path) + 1);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  return {
    send: (priority, line) => {
      const data = datagram(priority, line);
      calls.sendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
    },
    close: () => {
      calls.close(fd);
    },
  };
}

/** The sink that `log_udp_host`, `log_udp_port` and `log_address` ask for; standard error where no syslog daemon listens. */
export function sinkFor(conf: Readonly<Record<string, string>>, prefix = ''): LogSink {
  const udpHost = conf[`${prefix}log_udp_host`] ?? '';
  if (udpHost !== '') return udpSink(udpHost, Number(conf[`${prefix}log_udp_port`] ?? 514));
  const address = conf[`${prefix}log_address`] ?? '/dev/log';
  return existsSync(address) ? unixSink(address) : stderrSink();
}
