import { describe, expect, test } from 'vitest';
import type { Logger } from '../../../src/common/host.ts';
import { filterFactory } from '../../../src/middleware/proxy-logging.ts';
import { timeFormat } from '../../../src/middleware/proxy-logging/time-format.ts';
import { type Handler, type Host, readAll, SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';

const SENT = { status: 200, bodyBytes: 5, firstByteTime: 1_795_363_406.6, complete: true };

/** A host whose access log is `lines` and whose clock gives `times` one after another. */
function logHost(lines: string[], times: number[]): Host {
  const log: Logger = {
    debug: () => undefined,
    info: (line) => lines.push(line),
    warn: () => undefined,
    error: () => undefined,
    withTransaction: () => log,
    withOptions: () => log,
  };
  return { log, now: () => times.shift() ?? 0 } as unknown as Host;
}

interface Run {
  target?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  env?: SwiftRequest['env'];
  conf?: Record<string, string>;
  app?: Handler;
}

/** The access lines of one request through the filter, as a connection would send it. */
async function linesOf(run: Run): Promise<string[]> {
  const lines: string[] = [];
  const host = logHost(lines, [1_795_363_406.599247694, 1_795_363_406.799423647]);
  const filter = await filterFactory({}, run.conf ?? {}, host);
  const app: Handler =
    run.app ??
    (async (req) => {
      await readAll(req.body);
      return new SwiftResponse(200, { 'x-backend-storage-policy-index': '1' }, Buffer.from('hello'));
    });
  const handler = await filter(app);
  const { body } = run;
  const req = new SwiftRequest({
    method: run.method ?? 'GET',
    target: run.target ?? '/v1/a/c/o',
    headers: run.headers ?? {},
    body:
      body === undefined
        ? null
        : (async function* () {
            yield body;
          })(),
    env: run.env ?? {},
    log: host.log,
    remoteAddress: '1.2.3.4',
    connection: { sendContinue: () => undefined, signal: () => new AbortController().signal },
  });
  const res = await handler(req);
  res.sent({ ...SENT, status: res.status });
  return lines;
}

describe('lines as Python Swift writes them', () => {
  test('a plain GET', async () => {
    expect(await linesOf({})).toEqual([
      '1.2.3.4 1.2.3.4 22/Nov/2026/16/03/26 GET /v1/a/c/o HTTP/1.1 200 - - - - 5 - - - 0.2002 - - ' +
        '1795363406.599247694 1795363406.799423695 1',
    ]);
  });

  test('everything that a PUT may carry is quoted, and what is secret is shortened', async () => {
    const lines = await linesOf({
      method: 'PUT',
      target: '/v1/a/c/o%20x%C3%A9:{}?temp_url_sig=0123456789abcdef0123456789&a=b%20c',
      headers: {
        'X-Auth-Token': 'AUTH_tk0123456789abcdef',
        'User-Agent': 'curl/7 (x; y) "q"',
        Referer: 'http://x/y?z=1,2',
        Etag: '"abc"',
        'X-Forwarded-For': '9.9.9.9, 8.8.8.8',
      },
      body: Buffer.from('12345'),
      env: { logInfo: ['a:b', 'c d'], source: 'RL', transId: 'tx1' },
    });
    expect(lines).toEqual([
      '9.9.9.9 1.2.3.4 22/Nov/2026/16/03/26 PUT /v1/a/c/o%2520x%25C3%25A9%253A%257B%257D%3Ftemp_url_sig%3D0123456789abcdef...' +
        '%26a%3Db%2520c HTTP/1.1 200 http://x/y%3Fz%3D1%2C2 curl/7%20%28x%3B%20y%29%20%22q%22 AUTH_tk012345678... 5 5 ' +
        '%22abc%22 tx1 - 0.2002 RL a:b%2Cc%20d 1795363406.599247694 1795363406.799423695 1',
    ]);
  });

  test('headers are logged when asked for, or some of them', async () => {
    const headers = { A: 'b', 'X-Auth-Token': 'AUTH_tk0123456789abcdef0' };
    const conf = { access_log_headers: 'yes', log_msg_template: '{headers}' };
    expect(await linesOf({ headers, conf })).toEqual(['A:%20b%0AX-Auth-Token:%20AUTH_tk012345678...']);
    expect(await linesOf({ headers, conf: { ...conf, access_log_headers_only: 'A' } })).toEqual(['A:%20b']);
  });

  test('anonymized fields are hashed, with a salt in front where there is one', async () => {
    const headers = { 'X-Cluster-Client-Ip': '7.7.7.7' };
    const conf = { log_msg_template: '{client_ip} {client_ip.anonymized} {user_agent.anonymized}' };
    const salted = { ...conf, log_anonymization_method: 'SHA256', log_anonymization_salt: 's' };
    expect(await linesOf({ conf })).toEqual(['1.2.3.4 {MD5}6465ec74397c9126916786bbcd6d7601 -']);
    expect(await linesOf({ headers, conf: salted })).toEqual([
      '7.7.7.7 {SSHA256}1efdafe87f3e8177934e4ececb06afd557915667eb677e5acd62880aaf7aba76 -',
    ]);
  });

  test('parts of the path, and nothing where it is no path of the storage API', async () => {
    const conf = { log_msg_template: '{account} {container} {object} {domain}' };
    const headers = { Host: 'storage.example.com:8080' };
    expect(await linesOf({ target: '/v1/a/c/o%20x/y', headers, conf })).toEqual(['a c o%2520x/y storage.example.com']);
    expect(await linesOf({ target: '/healthcheck', headers, conf })).toEqual(['- - - storage.example.com']);
  });
});

test.each([
  ['a', 'Sun'],
  ['A', 'Sunday'],
  ['b', 'Nov'],
  ['B', 'November'],
  ['c', 'Sun Nov 22 16:03:56 2026'],
  ['d', '22'],
  ['H', '16'],
  ['I', '04'],
  ['j', '326'],
  ['m', '11'],
  ['M', '03'],
  ['p', 'PM'],
  ['S', '56'],
  ['U', '47'],
  ['w', '0'],
  ['W', '46'],
  ['x', '11/22/26'],
  ['X', '16:03:56'],
  ['y', '26'],
  ['Y', '2026'],
  ['Z', 'UTC'],
  ['iso8601', '2026-11-22T16:03:56'],
  ['asctime', 'Sun Nov 22 16:03:56 2026'],
  ['datetime', '22/Nov/2026/16/03/56'],
  ['s', '1795363436'],
])('a time as %s reads %s, as recorded from Python', (name, text) => {
  expect(timeFormat(name)?.(1_795_363_436.5)).toBe(text);
});

test.each(['{bogus}', '{client_ip.x}', '{method.anonymized}', '{start_time.Q}', '{', '}'])(
  'the template %s is refused at start',
  (template) => {
    expect(() => filterFactory({}, { log_msg_template: template }, logHost([], []))).toThrow('log_msg_template');
  },
);

test('a client that went away is logged as 499, a fault of the app as 500', async () => {
  const lines: string[] = [];
  const host = logHost(lines, []);
  const filter = await filterFactory({}, { log_msg_template: '{status_int} {wire_status_int}' }, host);
  const connection = {
    sendContinue: (): undefined => undefined,
    signal: (): AbortSignal => new AbortController().signal,
  };
  const request = (): SwiftRequest =>
    new SwiftRequest({ method: 'GET', target: '/v1/a/c/o', log: host.log, connection });
  const res = await (await filter(() => Promise.resolve(new SwiftResponse(200))))(request());
  res.sent({ ...SENT, complete: false });
  const broken = await filter(() => Promise.reject(new Error('broken')));
  await expect(broken(request())).rejects.toThrow('broken');
  expect(lines).toEqual(['499 200', '500 500']);
});

test('standing twice it logs a request once, and the requests that filters between make by themselves', async () => {
  const lines: string[] = [];
  const host = logHost(lines, []);
  const filter = await filterFactory({}, { log_msg_template: '{method} {path} {source} {bytes_sent}' }, host);
  const inner = await filter((req) =>
    Promise.resolve(
      new SwiftResponse(
        200,
        {},
        req.method === 'GET'
          ? (async function* () {
              yield Buffer.from('abc');
            })()
          : null,
      ),
    ),
  );
  const between: Handler = async (req) => {
    const sub = await inner(req.sub('GET', '/v1/a/c/segment', { source: 'SLO' }));
    expect((await sub.bytes()).toString()).toBe('abc');
    return inner(req);
  };
  const outer = await filter(between);
  const connection = {
    sendContinue: (): undefined => undefined,
    signal: (): AbortSignal => new AbortController().signal,
  };
  const res = await outer(new SwiftRequest({ method: 'HEAD', target: '/v1/a/c/o', log: host.log, connection }));
  res.sent({ ...SENT, bodyBytes: 0 });
  expect(lines).toEqual(['GET /v1/a/c/segment SLO 3', 'HEAD /v1/a/c/o - -']);
});

test('an answer that a filter drops unread is logged with its own status', async () => {
  const lines: string[] = [];
  const host = logHost(lines, []);
  const filter = await filterFactory({}, { log_msg_template: '{method} {status_int} {source}' }, host);
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('abc');
  };
  const inner = await filter(() => Promise.resolve(new SwiftResponse(204, {}, body())));
  const req = new SwiftRequest({ method: 'GET', target: '/v1/a/c', log: host.log });
  const sub = await inner(req.sub('HEAD', '/v1/a/c', { source: 'GET_INFO' }));
  await sub.close();
  expect(lines).toEqual(['HEAD 204 GET_INFO']);
});
