/** One connection to a memcached. Requests are sent at once, many on the way together; answers come in their order. */

import type { Socket } from 'node:net';

/** What memcached answers: the text of a value, or the line that ended the answer. */
export interface Reply {
  line: string;
  /** Of a VALUE. */
  flags: number;
  data: string | undefined;
}

interface Waiting {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

const CRLF = Buffer.from('\r\n');
const LONGEST_LINE_BYTES = 4096;
/** memcached's own largest item is 1 GiB; a proxy has no use for anything near. */
const LARGEST_VALUE_BYTES = 64 * 1024 * 1024;
/** In place of a time beyond this memcached expects a point in time. */
const LONGEST_RELATIVE_SECONDS = 30 * 24 * 3600;

/** A time to live as memcached takes it: whole seconds, and a point in time beyond 30 days. */
export function expiryTime(ttlSeconds: number, nowSeconds: number): number {
  if (ttlSeconds <= 0) return 0;
  // 0 would mean for ever.
  const whole = Math.max(1, Math.floor(ttlSeconds));
  return whole > LONGEST_RELATIVE_SECONDS ? Math.floor(nowSeconds) + whole : whole;
}

export class MemcachedConnection {
  readonly #socket: Socket;
  readonly #ioTimeoutMs: number;
  readonly #lost: (connection: MemcachedConnection, error: Error) => void;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #outgoing = '';
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #neededBytes = 0;
  #value: { flags: number; data: string } | undefined;
  #closed = false;

  /** `lost` is called once when the connection breaks, not when it is closed here. */
  constructor(socket: Socket, ioTimeoutMs: number, lost: (connection: MemcachedConnection, error: Error) => void) {
    this.#socket = socket;
    this.#ioTimeoutMs = ioTimeoutMs;
    this.#lost = lost;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('closed by the server')));
  }

  /** Requests that are not answered yet. */
  get pendingCount(): number {
    return this.#waiting.length;
  }

  /** Sends a command that is answered by one line, or by values and END. Rejects when the connection breaks first. */
  request(command: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error('closed'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#armTimer();
      // All that is asked for within one turn of the loop goes out in one write.
      if (this.#outgoing === '') process.nextTick(() => this.#flush());
      this.#outgoing += command;
    });
  }

  close(): void {
    this.#end(new Error('closed'));
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (!this.#closed) this.#socket.write(text, 'utf8');
  }

  #armTimer(): void {
    if (this.#timer === undefined) {
      const late = (): void => this.#break(new Error(`no answer within ${this.#ioTimeoutMs / 1000} s`));
      this.#timer = setTimeout(late, this.#ioTimeoutMs);
    } else if (this.#waiting.length === 1) {
      this.#timer.refresh();
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes < this.#neededBytes) return;
    const buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    try {
      const rest = buffer.subarray(this.#parse(buffer));
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#bufferedBytes = rest.length;
    } catch (error) {
      this.#break(error as Error);
    }
  }

  /** Takes in all complete lines and values; returns how many bytes that were. Throws on what is not memcached's protocol. */
  #parse(buffer: Buffer): number {
    let at = 0;
    this.#neededBytes = 0;
    for (;;) {
      const end = buffer.indexOf(CRLF, at);
      if (end < 0) {
        if (buffer.length - at > LONGEST_LINE_BYTES) throw new Error('an answer without an end of line');
        return at;
      }
      const line = buffer.toString('latin1', at, end);
      if (line.startsWith('VALUE ')) {
        const next = this.#takeValue(buffer, line, end + 2);
        if (next === undefined) return at;
        this.#neededBytes = 0;
        at = next;
      } else {
        this.#answer(line);
        at = end + 2;
      }
    }
  }

  /** Where the value ends; undefined while it is not all here. */
  #takeValue(buffer: Buffer, line: string, start: number): number | undefined {
    const [, , flags, sizeText] = line.split(' ');
    const size = Number(sizeText);
    if (!Number.isInteger(size) || size < 0 || size > LARGEST_VALUE_BYTES) throw new Error(`unexpected: ${line}`);
    const end = start + size;
    if (buffer.length < end + 2) {
      this.#neededBytes = line.length + 2 + size + 2;
      return undefined;
    }
    if (buffer[end] !== CRLF[0] || buffer[end + 1] !== CRLF[1])
      throw new Error('a value of another length than was told');
    this.#value = { flags: Number(flags), data: buffer.toString('utf8', start, end) };
    return end + 2;
  }

  #answer(line: string): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) throw new Error(`an answer to nothing: ${line}`);
    if (this.#waiting.length > 0) {
      this.#timer?.refresh();
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const value = this.#value;
    this.#value = undefined;
    waiting.resolve({ line, flags: value?.flags ?? 0, data: value?.data });
  }

  #break(error: Error): void {
    if (this.#closed) return;
    this.#end(error);
    this.#lost(this, error);
  }

  #end(error: Error): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
