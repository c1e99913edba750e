/** Lengths, codings and expectations of requests. */

import { type Area, get, put, raw, scenario, type Step } from '../scenario.ts';

const HEAD = 'Host: {host}\r\nX-Auth-Token: {tester}\r\nConnection: close\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

function request(line: string, rest: string): Step {
  return raw(`${line}\r\n${rest}`);
}

const PUT = 'PUT /v1/AUTH_test/{c}/o HTTP/1.1';
const GET = 'GET /v1/AUTH_test/{c}/o HTTP/1.1';

export const area: Area = [
  {
    scenarios: [
      scenario(
        'lengths',
        put('{c}'),
        ...['05', '99999999999', '5368709123'].map((length) =>
          request(PUT, `${HEAD}Content-Length: ${length}\r\n\r\nhello`),
        ),
        request(PUT, `${HEAD}\r\n`),
        request('PUT /v1/AUTH_test/{c} HTTP/1.1', `${HEAD}\r\n`),
        request('POST /v1/AUTH_test/{c} HTTP/1.1', `${HEAD}\r\n`),
        request('PUT /v1/AUTH_test/{c}/o HTTP/1.0', `${HEAD}\r\n`),
        request('PUT /v1/AUTH_test/{c}/o HTTP/1.0', `${HEAD}Content-Length: 5\r\n\r\nhello`),
        request('GET /v1/AUTH_test/{c}/o HTTP/1.0', `${HEAD}\r\n`),
      ),
      scenario(
        'chunks',
        put('{c}'),
        request(PUT, `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`),
        request(PUT, `${CHUNKED}5;a=b\r\nhello\r\n0\r\n\r\n`),
        request(PUT, `${CHUNKED}5\r\nhello\r\n0\r\nX-A: b\r\n\r\n`),
        request('PUT /v1/AUTH_test/{c} HTTP/1.1', `${CHUNKED}0\r\n\r\n`),
        request('POST /v1/AUTH_test/{c}/o HTTP/1.1', `${CHUNKED}0\r\n\r\n`),
        request(GET, `${CHUNKED}0\r\n\r\n`),
      ),
      scenario(
        'expectations',
        put('{c}'),
        request(PUT, `${HEAD}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`),
        request(PUT, `${HEAD}Expect: 100-Continue\r\nContent-Length: 0\r\n\r\n`),
        request('PUT /v1/AUTH_test/{c}nope/o HTTP/1.1', `${HEAD}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`),
        request(PUT, `Host: {host}\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`),
        request('PUT /v1/AUTH_test/{c} HTTP/1.1', `${HEAD}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`),
        request(GET, `${HEAD}Expect: 100-continue\r\n\r\n`),
        request(PUT, `${HEAD}Expect: nonsense\r\nContent-Length: 5\r\n\r\nhello`),
      ),
      scenario(
        'bodies that nobody needs',
        put('{c}'),
        put('{c}/o', { body: 'x' }),
        request(GET, `${HEAD}Content-Length: 3\r\n\r\nabc`),
        request('DELETE /v1/AUTH_test/{c}/missing HTTP/1.1', `${HEAD}Content-Length: 3\r\n\r\nabc`),
        request('PUT /v1/AUTH_test/{c} HTTP/1.1', `${HEAD}Content-Length: 3\r\n\r\nabc`),
        request('POST /v1/AUTH_test/{c} HTTP/1.1', `${HEAD}Content-Length: 3\r\n\r\nabc`),
        request('POST /v1/AUTH_test/{c}/o HTTP/1.1', `${HEAD}Content-Length: 3\r\n\r\nabc`),
        get('{c}/o'),
      ),
    ],
  },
];
