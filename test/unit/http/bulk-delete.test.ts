import { afterEach, describe, expect, test } from 'vitest';
import { bulkDelete, type BulkDeleteOptions, type DeletionTarget } from '../../../src/http/bulk-delete.ts';
import type { Wait } from '../../../src/http/keep-alive-body.ts';
import { HttpError, SwiftResponse } from '../../../src/http/response.ts';
import { assertNoLeaks, fakeSwift, request, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const OPTIONS: BulkDeleteOptions = {
  source: 'BD',
  userAgent: 'BulkDelete',
  concurrency: 2,
  maxFailures: 1000,
  conflictRetries: 0,
  yieldFrequencySec: 10,
};

function named(...names: string[]): DeletionTarget[] {
  return names.map((name) => ({ name }));
}

function asJson(headers: Record<string, string> = {}): ReturnType<typeof request> {
  return request('POST', '/v1/a?bulk-delete', { accept: 'application/json', ...headers });
}

interface Report {
  'Response Status': string;
  'Response Body': string;
  'Number Deleted': number;
  'Number Not Found': number;
  Errors: [string, string][];
}

async function reportOf(res: SwiftResponse): Promise<Report> {
  return JSON.parse(await text(res)) as Report;
}

describe('deleting many', () => {
  test('objects go before containers, each by a request that has the token and no other header of the client', async () => {
    const app = fakeSwift({ 'DELETE /v1/a/c/o': 204, 'DELETE /v1/a/c': 204, 'DELETE /v1/a/d/p%20q': 404 });
    const req = asJson({ 'x-auth-token': 'tk', 'user-agent': 'me', 'x-newest': 'true' });
    const res = await bulkDelete(req, app, named('c', '', '/c/o', '//d/p q'), OPTIONS);
    expect(await text(res)).toBe(
      '{"Response Status": "200 OK", "Response Body": "", "Number Deleted": 2, "Number Not Found": 1, "Errors": []}',
    );
    expect(app.calls).toEqual(['DELETE /v1/a/c/o', 'DELETE /v1/a/d/p%20q', 'DELETE /v1/a/c']);
    expect(app.requests.map(({ source }) => source)).toEqual(['BD', 'BD', 'BD']);
    expect(Object.fromEntries(app.requests[0]?.headers ?? [])).toEqual({
      'content-length': '0',
      host: 'localhost',
      'user-agent': 'me BulkDelete',
      'x-auth-token': 'tk',
    });
  });

  test('a version is deleted by its id', async () => {
    const app = fakeSwift({ 'DELETE /v1/a/c/o?version-id=12.3': 204 });
    const res = await bulkDelete(asJson(), app, [{ name: 'c/o', versionId: '12.3' }], OPTIONS);
    expect((await reportOf(res))['Number Deleted']).toBe(1);
  });

  test('failures are listed by percent-encoded name, and the status is 400, or 502 when a server failed', async () => {
    const app = fakeSwift({ 'DELETE /v1/a/c/%3Co%3E': 401, 'DELETE /v1/a/c': 409, 'DELETE /v1/a/c/x': 503 });
    const failed = await reportOf(await bulkDelete(asJson(), app, named('c/<o>', 'c'), OPTIONS));
    expect(failed['Response Status']).toBe('400 Bad Request');
    expect(failed.Errors).toEqual([
      ['c/%3Co%3E', '401 Unauthorized'],
      ['c', '409 Conflict'],
    ]);
    const broken = await reportOf(await bulkDelete(asJson(), app, named('c/x'), OPTIONS));
    expect(broken['Response Status']).toBe('502 Bad Gateway');
    expect(broken.Errors).toEqual([['c/x', '503 Service Unavailable']]);
  });

  test('names that are not UTF-8 or hold NUL are not asked for', async () => {
    const app = fakeSwift();
    const report = await reportOf(await bulkDelete(asJson(), app, named('c/\udcff', 'c/\0'), OPTIONS));
    expect(report.Errors).toEqual([
      ['c/%FF', '412 Precondition Failed'],
      ['c/%00', '412 Precondition Failed'],
    ]);
    expect(app.calls).toEqual([]);
  });

  test('a target that comes with a refusal is reported and left alone', async () => {
    const app = fakeSwift();
    const targets: DeletionTarget[] = [
      { name: 'c/m', refusal: { status: 404, message: 'gone' } },
      { name: 'c/n', refusal: { status: 400, message: 'Not an SLO manifest' } },
    ];
    const report = await reportOf(await bulkDelete(asJson(), app, targets, OPTIONS));
    expect([report['Number Not Found'], report.Errors]).toEqual([1, [['c/n', 'Not an SLO manifest']]]);
    expect(app.calls).toEqual([]);
  });

  test('a fault of the source of names is the status of the whole, with what was done so far', async () => {
    const app = fakeSwift({ 'DELETE /v1/a/c/o': 204 });
    async function* targets(): AsyncGenerator<DeletionTarget> {
      yield { name: 'c/o' };
      throw new HttpError(413, 'Too many');
    }
    const report = await reportOf(await bulkDelete(asJson(), app, targets(), OPTIONS));
    expect(report).toMatchObject({
      'Response Status': '413 Request Entity Too Large',
      'Response Body': 'Too many',
      'Number Deleted': 1,
    });
  });

  test('a bug is a 500 in the report and an error in the log', async () => {
    const req = asJson();
    const app = fakeSwift({
      'DELETE /v1/a/c/o': () => {
        throw new TypeError('x is not a function');
      },
    });
    const report = await reportOf(await bulkDelete(req, app, named('c/o'), OPTIONS));
    expect(report['Response Status']).toBe('500 Internal Error');
    expect(req.log.lines.join()).toContain('bulk delete broke off');
  });

  test('nothing to delete is a fault', async () => {
    const report = await reportOf(await bulkDelete(asJson(), fakeSwift(), named('', ''), OPTIONS));
    expect([report['Response Status'], report['Response Body']]).toEqual(['400 Bad Request', 'Invalid bulk delete.']);
  });

  test('too many failures end it', async () => {
    const app = fakeSwift({ 'DELETE /v1/a/c/1': 403, 'DELETE /v1/a/c/2': 403 });
    const options = { ...OPTIONS, concurrency: 1, maxFailures: 2 };
    const report = await reportOf(await bulkDelete(asJson(), app, named('c/1', 'c/2', 'c/3', 'c'), options));
    expect(report['Response Body']).toBe('Max delete failures exceeded');
    expect(app.calls).toHaveLength(2);
  });

  test('a container that is not empty yet is tried again after longer and longer waits', async () => {
    const waits: number[] = [];
    const wait: Wait = (seconds, signal) => {
      if (seconds === 10) return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      waits.push(seconds);
      return Promise.resolve();
    };
    const app = fakeSwift({ 'DELETE /v1/a/c': { inTurn: [409, 409, 204] }, 'DELETE /v1/a/d': 409 });
    const options = { ...OPTIONS, conflictRetries: 2, wait };
    expect(await reportOf(await bulkDelete(asJson(), app, named('c'), options))).toMatchObject({ 'Number Deleted': 1 });
    expect(waits).toEqual([1.5, 2.25]);
    const report = await reportOf(await bulkDelete(asJson(), app, named('d'), options));
    expect(report.Errors).toEqual([['d', '409 Conflict']]);
    expect(waits).toEqual([1.5, 2.25, 1.5, 2.25]);
  });

  test('blanks keep the connection alive while a deletion takes its time', async () => {
    const { promise, resolve } = Promise.withResolvers<SwiftResponse>();
    const app = fakeSwift({ 'DELETE /v1/a/c/o': () => promise });
    let intervals = 0;
    const wait: Wait = async (_seconds, signal) => {
      if (++intervals > 3) {
        resolve(new SwiftResponse(204));
        await new Promise((ended) => signal.addEventListener('abort', ended));
      }
    };
    const req = request('POST', '/v1/a', { accept: 'text/xml' });
    const report = await text(await bulkDelete(req, app, named('c/o'), { ...OPTIONS, wait }));
    expect(report).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n {2}\r\n\r\n<delete>\n<number_deleted>1</);
  });

  test('when the client goes, no more are begun', async () => {
    const req = asJson();
    const app = fakeSwift({
      'DELETE /v1/a/c/1': () => {
        req.disconnect();
        return new SwiftResponse(204);
      },
    });
    const res = await bulkDelete(req, app, named('c/1', 'c/2', 'c'), { ...OPTIONS, concurrency: 1 });
    await res.close();
    expect(app.calls).toEqual(['DELETE /v1/a/c/1']);
  });

  test('an Accept header that takes none of the forms is answered in text, and nothing is deleted', async () => {
    for (const accept of ['image/png', 'nonsense']) {
      const res = await bulkDelete(request('POST', '/v1/a', { accept }), fakeSwift(), named('c/o'), OPTIONS);
      expect([res.status, res.headers.get('content-type')]).toEqual([200, undefined]);
      expect(await text(res)).toBe(
        'Number Deleted: 0\nNumber Not Found: 0\nResponse Body: \nResponse Status: 406 Not Acceptable\nErrors:\n',
      );
    }
  });

  test('a path without account is a 404 in the report', async () => {
    const res = await bulkDelete(request('POST', '/v1', { accept: 'application/json' }), fakeSwift(), [], OPTIONS);
    expect((await reportOf(res))['Response Status']).toBe('404 Not Found');
  });
});
