import { ValueFault } from '../../../src/cli/python-text.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

/** Keeps what a command says, and answers its questions one after the other. */
export class RecordingTerminal implements Terminal {
  output = '';
  errors = '';
  readonly progressTold: string[] = [];
  readonly #answers: string[];

  constructor(answers: readonly string[] = []) {
    this.#answers = [...answers];
  }

  print(text: string): void {
    this.output += `${text}\n`;
  }

  warn(text: string): void {
    this.errors += `${text}\n`;
  }

  progress(text: string): void {
    this.progressTold.push(text);
  }

  async ask(question: string): Promise<string> {
    this.output += question;
    const answer = this.#answers.shift();
    if (answer === undefined) throw new ValueFault('EOF when reading a line');
    return answer;
  }
}
