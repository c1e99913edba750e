import { expect, test } from 'vitest';
import { readWrkReport } from '../../../bench/wrk.ts';

const REPORT = `Running 2m test @ http://127.0.0.1:23132
  1 threads and 128 connections
answered 271 in 2.500000
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   700.78ms  363.04ms   1.95s    78.77%
    Req/Sec   108.25     65.90   260.00     75.00%
  Latency Distribution
     50%  528.52us
     75%  919.25ms
     90%    1.34s 
     99%    1.78s 
  271 requests in 5.01s, 271.10MB read
Requests/sec:     54.04
Transfer/sec:     54.06MB
`;

test("wrk's report gives requests, latencies in milliseconds whatever their unit, and the rate until the last answer", () => {
  expect(readWrkReport(REPORT)).toEqual({
    requests: 271,
    requestsPerSec: 108.4,
    p50Ms: 0.52852,
    p99Ms: 1780,
    refused: 0,
    socketErrors: 0,
  });
});

test('answers of 4xx and 5xx and broken connections are counted', () => {
  const text = REPORT.replace(
    'Requests/sec',
    '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 7\nRequests/sec',
  );
  expect(readWrkReport(text)).toMatchObject({ refused: 7, socketErrors: 10 });
});

test('a report of requests that were never answered is refused', () => {
  expect(() => readWrkReport(REPORT.replace(/^answered.*\n/m, ''))).toThrow(/no answer/);
});
