/**
 * Datagrams by libc's own calls: Node has no sockets of that kind for Unix addresses, and those it has for UDP cost five times as much a
 * line, in a server that writes a line for each request.
 */

import { isIPv6 } from 'node:net';
import koffi from 'koffi';

const FAMILIES = { unix: 1, ipv4: 2, ipv6: 10 } as const;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
/** Larger than any datagram that is sent. */
const SCRATCH_BYTES = 65536;
const MOST_BYTES_A_CHARACTER = 3;

interface SocketCalls {
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, length: number, flags: number, address: Buffer, addressLength: number): number;
  inetPton(family: number, text: string, address: Buffer): number;
  close(fd: number): number;
}

let loaded: SocketCalls | undefined;

function calls(): SocketCalls {
  if (loaded !== undefined) return loaded;
  const libc = koffi.load('libc.so.6');
  loaded = {
    socket: libc.func('int socket(int domain, int type, int protocol)') as SocketCalls['socket'],
    sendto: libc.func(
      'long sendto(int fd, const uint8_t *data, size_t length, int flags, const uint8_t *address, uint32_t addressLength)',
    ) as SocketCalls['sendto'],
    inetPton: libc.func(
      'int inet_pton(int family, const char *text, _Out_ uint8_t *address)',
    ) as SocketCalls['inetPton'],
    close: libc.func('int close(int fd)') as SocketCalls['close'],
  };
  return loaded;
}

const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Sends without waiting; what the kernel does not take at once is lost. */
export class DatagramSocket {
  readonly #calls = calls();
  /** -1 once it is closed: the number may then be another file's. */
  #fd: number;

  constructor(family: keyof typeof FAMILIES) {
    this.#fd = this.#calls.socket(FAMILIES[family], SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  }

  /** Text as UTF-8. */
  send(text: string, address: Buffer): void {
    if (this.#fd < 0) return;
    let data = scratch;
    let length: number;
    if (text.length * MOST_BYTES_A_CHARACTER <= SCRATCH_BYTES) {
      length = scratch.write(text, 'utf8');
    } else {
      data = Buffer.from(text, 'utf8');
      length = data.length;
    }
    this.#calls.sendto(this.#fd, data, length, MSG_DONTWAIT_NOSIGNAL, address, address.length);
  }

  close(): void {
    if (this.#fd >= 0) this.#calls.close(this.#fd);
    this.#fd = -1;
  }
}

/** struct sockaddr_un */
export function unixAddress(path: string): Buffer {
  const address = Buffer.alloc(2 + Buffer.byteLength(path) + 1);
  address.writeUInt16LE(FAMILIES.unix, 0);
  address.write(path, 2);
  return address;
}

/** struct sockaddr_in or sockaddr_in6 of an address in text. */
export function internetAddress(text: string, port: number): Buffer {
  const isV6 = isIPv6(text);
  const family = isV6 ? FAMILIES.ipv6 : FAMILIES.ipv4;
  const address = Buffer.alloc(isV6 ? 28 : 16);
  address.writeUInt16LE(family, 0);
  address.writeUInt16BE(port, 2);
  calls().inetPton(family, text, address.subarray(isV6 ? 8 : 4));
  return address;
}
