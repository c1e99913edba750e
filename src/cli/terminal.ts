/** What a command says and asks: standard input and output, or a test. */

import { writeSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { ValueFault } from './python-text.ts';

export interface Terminal {
  /** One or more lines on standard output; the last line's end is added. */
  print(text: string): void;
  /** The same on standard error. */
  warn(text: string): void;
  /** Shows work that goes on, on standard error; the next call takes the line's place where that can be. An empty text ends it. */
  progress(text: string): void;
  /** Puts a question and gives the line that answers. Throws ValueFault where there is none to answer. */
  ask(question: string): Promise<string>;
}

/** Ends a command at once, as its way to refuse. */
export class CommandEnd extends Error {
  readonly exitCode: number;
  readonly stream: 'output' | 'errors';

  /** `message` is still to be printed. */
  constructor(exitCode: number, message: string, stream: 'output' | 'errors' = 'output') {
    super(message);
    this.exitCode = exitCode;
    this.stream = stream;
  }
}

/** The process's own. Whoever makes it closes it. */
export class ProcessTerminal implements Terminal {
  #input: Interface | undefined;
  #lines: AsyncIterator<string> | undefined;
  #progressShown = false;

  print(text: string): void {
    write(1, `${text}\n`);
  }

  warn(text: string): void {
    write(2, `${text}\n`);
  }

  progress(text: string): void {
    if (text !== '') {
      write(2, process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
      this.#progressShown = true;
    } else if (this.#progressShown && process.stderr.isTTY) {
      write(2, '\r\x1b[K');
    }
  }

  async ask(question: string): Promise<string> {
    write(1, question);
    this.#input ??= createInterface({ input: process.stdin });
    this.#lines ??= this.#input[Symbol.asyncIterator]();
    const answer = await this.#lines.next();
    if (answer.done === true) throw new ValueFault('EOF when reading a line');
    return answer.value;
  }

  close(): void {
    this.#input?.close();
  }
}

/** Nothing is lost when the process ends, and a reader that went away ends us quietly. */
function write(fd: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(120);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 5);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
