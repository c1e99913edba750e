import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type BodyDecoder, ChunkedDecoder, FixedDecoder, UntilCloseDecoder } from '../../../src/http/body-decoder.ts';
import { ByteInput } from '../../../src/http/byte-input.ts';
import { isBodiless } from '../../../src/http/client.ts';
import { DEFAULT_HEAD_LIMITS } from '../../../src/http/head-parser.ts';
import { lowerName, titleName } from '../../../src/http/headers.ts';
import { RequestHeadParser } from '../../../src/http/request-head.ts';
import { ResponseHeadParser } from '../../../src/http/response-head.ts';
import { headerLines, requestLine, statusLine } from '../../../src/http/serializer.ts';

interface Event {
  from: 'client' | 'server';
  latin1: string;
  truncated_bytes?: number;
}

const folder = new URL('../../golden/http/', import.meta.url);
const captures = readdirSync(folder).filter((name) => /^\d/.test(name));

/** One direction of a recorded connection; undefined when the recording left bytes out. */
function direction(events: Event[], from: string): ByteInput | undefined {
  const input = new ByteInput();
  for (const event of events) {
    if (event.from !== from) continue;
    if (event.truncated_bytes !== undefined) return undefined;
    input.push(Buffer.from(event.latin1, 'latin1'));
  }
  input.end();
  return input;
}

function decode(decoder: BodyDecoder, input: ByteInput): Buffer {
  const chunks: Buffer[] = [];
  for (let chunk = decoder.poll(input); chunk !== null; chunk = decoder.poll(input)) {
    if (chunk === undefined) throw new Error('body is cut');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The head as it was recorded, with names in title case and repeated ones joined: what Headers keeps of it. */
function normalized(head: string): string {
  const [start, ...lines] = head.split('\r\n').slice(0, -2);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [lowerName(line.slice(0, colon)), line.slice(colon + 1).trim()];
    fields.set(name, fields.has(name) ? `${fields.get(name)},${value}` : value);
  }
  return `${start}\r\n${[...fields].map(([name, value]) => `${titleName(name)}: ${value}\r\n`).join('')}\r\n`;
}

/** What stands at the front of an input up to the end of a head. */
function recordedHead(input: ByteInput): string {
  const text = input.front()?.toString('latin1') ?? '';
  return text.slice(0, text.indexOf('\r\n\r\n') + 4);
}

test.each(captures)('%s is parsed to its end and written again as it was', (name) => {
  const capture = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    backend_connections: { events: Event[] }[];
  };
  for (const { events } of capture.backend_connections) {
    const client = direction(events, 'client');
    const server = direction(events, 'server');
    if (client === undefined || server === undefined) continue;
    const requests = new RequestHeadParser(DEFAULT_HEAD_LIMITS);
    const answers = new ResponseHeadParser(DEFAULT_HEAD_LIMITS);
    while (client.length > 0) {
      const recorded = recordedHead(client);
      const head = requests.poll(client);
      if (head === undefined) throw new Error(`no whole request: ${recorded}`);
      expect(`${requestLine(head.method, head.target)}${headerLines(head.headers)}\r\n`).toBe(normalized(recorded));
      if (head.framing.chunked) {
        const decoder = new ChunkedDecoder();
        decode(decoder, client);
        if (head.headers.get('x-backend-obj-multiphase-commit') === 'yes') {
          decoder.restart();
          expect(decode(decoder, client).toString()).toContain('put_commit_confirmation');
        }
      } else if (head.framing.contentLength !== null && client.length > 0) {
        decode(new FixedDecoder(head.framing.contentLength), client);
      }
      for (let status = 0; status < 200 && server.length > 0;) {
        const wanted = recordedHead(server);
        const answer = answers.poll(server);
        if (answer === undefined) throw new Error(`no whole answer: ${wanted}`);
        expect(`${statusLine(answer.status, answer.reason)}${headerLines(answer.headers)}\r\n`).toBe(wanted);
        status = answer.status;
        const { chunked, contentLength } = answer.framing;
        if (isBodiless(answer, head.method)) continue;
        if (chunked) decode(new ChunkedDecoder(), server);
        else decode(contentLength === null ? new UntilCloseDecoder() : new FixedDecoder(contentLength), server);
      }
    }
    expect(server.length).toBe(0);
  }
});
