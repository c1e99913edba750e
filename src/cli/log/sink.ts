/** Where log lines go: a syslog socket, UDP, or standard error. A sink never blocks and never throws; what it cannot take is dropped. */

import { lookup } from 'node:dns';
import { existsSync, writeSync } from 'node:fs';
import { isIP } from 'node:net';
import { DatagramSocket, internetAddress, unixAddress } from './datagram-socket.ts';

export interface LogSink {
  /** Sends one line; `priority` is facility and severity as syslog counts them. */
  send(priority: number, line: string): void;
  close(): void;
}

/** Python's syslog handler ends each datagram with a NUL, and so does this. */
function datagram(priority: number, line: string): string {
  return `<${priority}>${line}\0`;
}

/** Lines that wait for the log host's name to be looked up. */
const MAX_WAITING = 1000;
/** How long an address is good for that a name was looked up for. */
const ADDRESS_LIFE_MS = 60_000;

/** `host`: an address, or a name that is looked up again from time to time. */
class UdpSink implements LogSink {
  readonly #host: string;
  readonly #port: number;
  #socket: DatagramSocket | undefined;
  #address: Buffer | undefined;
  #waiting: string[] = [];
  /** By performance.now(). */
  #lookUpAfter = -Infinity;
  #closed = false;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    const family = isIP(host);
    if (family === 0) return;
    this.#use(host, family);
    this.#lookUpAfter = Infinity;
  }

  send(priority: number, line: string): void {
    if (performance.now() > this.#lookUpAfter) this.#lookUp();
    const text = datagram(priority, line);
    if (this.#socket !== undefined && this.#address !== undefined) this.#socket.send(text, this.#address);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(text);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#socket?.close();
    this.#socket = undefined;
  }

  #lookUp(): void {
    this.#lookUpAfter = performance.now() + ADDRESS_LIFE_MS;
    lookup(this.#host, (error, address, family) => {
      if (error === null && !this.#closed) this.#use(address, family);
    });
  }

  #use(address: string, family: number): void {
    this.#socket?.close();
    this.#socket = new DatagramSocket(family === 6 ? 'ipv6' : 'ipv4');
    this.#address = internetAddress(address, this.#port);
    for (const text of this.#waiting.splice(0)) this.#socket.send(text, this.#address);
  }
}

export function udpSink(host: string, port: number): LogSink {
  return new UdpSink(host, port);
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

/** A syslog daemon's datagram socket, usually /dev/log. Sent without waiting: a daemon that does not keep up loses lines. */
export function unixSink(path: string): LogSink {
  const socket = new DatagramSocket('unix');
  const address = unixAddress(path);
  return {
    send: (priority, line) => socket.send(datagram(priority, line), address),
    close: () => socket.close(),
  };
}

/** The sink that `log_udp_host`, `log_udp_port` and `log_address` ask for; standard error where no syslog daemon listens. */
export function sinkFor(conf: Readonly<Record<string, string>>, prefix = ''): LogSink {
  const udpHost = conf[`${prefix}log_udp_host`] ?? '';
  if (udpHost !== '') return udpSink(udpHost, Number(conf[`${prefix}log_udp_port`] ?? 514));
  const address = conf[`${prefix}log_address`] ?? '/dev/log';
  return existsSync(address) ? unixSink(address) : stderrSink();
}
