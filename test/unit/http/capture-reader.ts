import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Headers } from '../../../src/http/headers.ts';

const folder = fileURLToPath(new URL('../../golden/http/', import.meta.url));

/** One request to a storage server and its answer, as recorded from Python Swift. */
export interface RecordedExchange {
  readonly scenario: string;
  /** `account-server`, `container-server`, `object-server`. */
  readonly server: string;
  readonly device: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
  readonly status: number;
  readonly answerHeaders: Headers;
  readonly answerBody: string;
}

interface Capture {
  scenario: string;
  backend_connections: { to: string; events: { from: 'client' | 'server'; latin1: string }[] }[];
}

/** The exchanges of every scenario whose name `wanted` accepts, in order of the scenarios' numbers and of arrival. */
export function recordedExchanges(wanted: RegExp): RecordedExchange[] {
  const files = readdirSync(folder).filter((name) => wanted.test(name));
  return files.sort().flatMap((name) => exchangesOf(JSON.parse(readFileSync(folder + name, 'utf8')) as Capture));
}

function exchangesOf(capture: Capture): RecordedExchange[] {
  return capture.backend_connections.map(({ to, events }) => {
    const said = (by: string): string =>
      events
        .filter((event) => event.from === by)
        .map((event) => event.latin1)
        .join('');
    const request = parse(said('client'));
    const answer = parse(said('server'));
    const [server = '', device = ''] = to.split(' ');
    const [method = '', target = ''] = request.startLine.split(' ');
    return {
      scenario: capture.scenario,
      server,
      device,
      method,
      target,
      headers: request.headers,
      body: request.body,
      status: Number(answer.startLine.split(' ')[1]),
      answerHeaders: answer.headers,
      answerBody: answer.body,
    };
  });
}

function parse(text: string): { startLine: string; headers: Headers; body: string } {
  const end = text.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  return { startLine, headers, body: text.slice(end + 4) };
}
