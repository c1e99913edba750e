/** Swift's swift-ring-builder and ours, run on files of a test: what they print, and what they leave in the files. */

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { runRingBuilder } from '../../src/cli/ring-builder/run.ts';
import { endingPlainly, type CommandIdentity, type TerminalProgram } from '../../src/cli/terminal-command.ts';
import { RecordingTerminal } from '../unit/cli/recording-terminal.ts';

export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** One process for many commands: Python is slow to start. A request is a line of JSON, and so is its answer. */
const SERVER = `
import contextlib, io, json, runpy, sys, traceback
from swift.cli import ringbuilder
from swift.common.ring import RingBuilder, RingData

def plain(value):
    if isinstance(value, dict):
        return sorted([[str(key), plain(item)] for key, item in value.items()])
    if isinstance(value, (str, int, float, type(None))):
        return value
    return [plain(item) for item in value]

def dump(path):
    loaded = (RingData if path.endswith('.gz') else RingBuilder).load(path)
    values = plain(loaded.to_dict())
    return {'code': 0, 'errors': '', 'output': json.dumps([item for item in values if item[0] != 'id'])}

def run(argv, answers):
    out, err = io.StringIO(), io.StringIO()
    sys.stdin = io.StringIO(''.join(answer + '\\n' for answer in answers))
    sys.argv = argv
    ringbuilder.stderr = err
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if argv[0] == 'swift-ring-builder':
                ringbuilder.main(argv)
            else:
                runpy.run_path('/usr/bin/' + argv[0], run_name='__main__')
            code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException as fault:
        err.write(str(fault))
        code = 2
    return {'code': code, 'output': out.getvalue(), 'errors': err.getvalue()}

for line in sys.__stdin__:
    request = json.loads(line)
    answer = dump(request['dump']) if 'dump' in request else run(request['argv'], request['answers'])
    sys.__stdout__.write(json.dumps(answer) + '\\n')
    sys.__stdout__.flush()
`;

interface Server {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly answers: AsyncIterator<string>;
}

function startServer(): Server {
  const child = spawn('/usr/bin/python3', ['-c', SERVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, answers: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** Swift's commands, in a process that begins with the first of them and that the caller closes. */
export class SwiftCommands {
  #server: Server | undefined;

  /** Runs `swift-ring-builder ARGV`; `answers` stand in its standard input. */
  builder(argv: readonly string[], answers: readonly string[] = []): Promise<Outcome> {
    return this.command(['swift-ring-builder', ...argv], answers);
  }

  command(argv: readonly string[], answers: readonly string[] = []): Promise<Outcome> {
    return this.#ask({ argv, answers });
  }

  /** All that a builder or ring file holds, but for the builder's id. */
  async contents(path: string): Promise<unknown> {
    return JSON.parse((await this.#ask({ dump: path })).output) as unknown;
  }

  async #ask(request: unknown): Promise<Outcome> {
    this.#server ??= startServer();
    this.#server.child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#server.answers.next();
    if (line.done === true) throw new Error("Swift's commands have ended");
    return JSON.parse(line.value as string) as Outcome;
  }

  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const { child } = this.#server;
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'close');
  }
}

/** Our swift-ring-builder, within this process. */
export function ourBuilder(argv: readonly string[], answers: readonly string[] = []): Promise<Outcome> {
  return ourCommand({ name: 'swift-ring-builder', failureCode: 2 }, runRingBuilder, argv, answers);
}

export async function ourCommand(
  identity: CommandIdentity,
  program: TerminalProgram,
  argv: readonly string[],
  answers: readonly string[] = [],
): Promise<Outcome> {
  const terminal = new RecordingTerminal(answers);
  const code = await endingPlainly(identity, program, argv, terminal);
  return { code, output: terminal.output, errors: terminal.errors };
}
