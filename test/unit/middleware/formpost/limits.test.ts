import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { filterFactory } from '../../../../src/middleware/formpost.ts';
import { assertNoLeaks, fakeHost, type FakeSwift, fakeSwift, load, request, text } from '../../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const NOW = 1_700_000_000;
const PATH = '/v1/a/c/p';

interface Form {
  expires?: number;
  digest?: string;
  count?: number;
  /** Attributes of the form behind those that were signed. */
  more?: Record<string, string>;
  files?: readonly string[];
  redirect?: string;
  signature?: string;
}

function part(head: string, value: string): string {
  return `--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
}

async function send(form: Form, options: Record<string, string> = {}): Promise<[number, string, FakeSwift, string]> {
  const { expires = NOW + 9, digest = 'sha256', count = 2, redirect = '', files = ['a'] } = form;
  const message = [PATH, redirect, 100, count, expires].join('\n');
  const signature = form.signature ?? createHmac(digest, 'key').update(message).digest('hex');
  const limits = { max_file_size: '100', max_file_count: String(count), expires: String(expires) };
  const fields = Object.entries({ redirect, ...limits, signature, ...form.more });
  const parts = [
    ...fields.map(([name, value]) => part(`name="${name}"`, value)),
    ...files.map((name) => part(`name="f"; filename="${name}"`, 'data')),
  ];
  const puts = Object.fromEntries(files.map((name) => [`PUT ${PATH}${name}`, 201]));
  const swift = fakeSwift({
    'HEAD /v1/a': [204, { 'x-account-meta-temp-url-key': 'key' }],
    'HEAD /v1/a/c': 204,
    ...puts,
  });
  const filter = await load(filterFactory, options, swift, fakeHost({ clock: NOW }));
  const type = { 'content-type': 'multipart/form-data; boundary=XX' };
  const body = Buffer.from(`${parts.join('')}--XX--\r\n`);
  const pieces = Array.from({ length: Math.ceil(body.length / 1000) }, (_, at) =>
    body.subarray(at * 1000, at * 1000 + 1000),
  );
  const res = await filter(request('POST', PATH, type, pieces));
  return [res.status, await text(res), swift, res.headers.get('location') ?? ''];
}

function puts(swift: FakeSwift): readonly string[] {
  return swift.calls.filter((call) => call.startsWith('PUT'));
}

test('a form that expired, or was signed otherwise, stores nothing', async () => {
  expect((await send({ expires: NOW }))[0]).toBe(201);
  for (const [form, options, message] of [
    [{ expires: NOW - 1 }, {}, 'FormPost: Form Expired'],
    [{ signature: '0'.repeat(64) }, {}, 'FormPost: Invalid Signature'],
    [{ signature: '' }, {}, 'FormPost: Invalid Signature'],
    [{ digest: 'sha1' }, { allowed_digests: 'sha256' }, 'FormPost: Invalid Signature'],
    [{ more: { max_file_size: '101' } }, {}, 'FormPost: Invalid Signature'],
    [{ more: { max_file_count: '3' } }, {}, 'FormPost: Invalid Signature'],
    [{ more: { redirect: 'http://elsewhere' } }, {}, 'FormPost: Invalid Signature'],
  ] as const) {
    const [status, body, swift] = await send(form, options);
    expect([status, body, puts(swift)]).toEqual([401, message, []]);
  }
});

test('no more files are stored than the form may bring', async () => {
  const [status, body, swift] = await send({ files: ['a', 'b', 'c'] });
  expect([status, body]).toEqual([400, '400 Bad Request\r\nFormPost: Max File Count Exceeded']);
  expect(puts(swift)).toEqual([`PUT ${PATH}a`, `PUT ${PATH}b`]);
});

test('an attribute that becomes a header ends no header', async () => {
  const [, , swift] = await send({ more: { 'content-type': 'text/x\r\nx-object-manifest: d/e', x_delete_at: ' 7 ' } });
  const headers = swift.requests.find(({ method }) => method === 'PUT')?.headers;
  expect(headers?.get('content-type')).toBe('text/x x-object-manifest: d/e');
  expect(headers?.get('x-delete-at')).toBe('7');
});

test('a redirect ends neither its header nor its attribute', async () => {
  const redirect = 'http://x/"><script>\u0007</script>';
  const [status, body, , location] = await send({ redirect });
  expect(status).toBe(303);
  expect(location).toBe('http://x/%22%3E%3Cscript%3E%07%3C/script%3E?status=201&message=');
  expect(body).toBe(`<html><body><p><a href="${location}">Click to continue...</a></p></body></html>`);
});

test('attributes and heads have a bound, so that no form fills the memory', async () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`field${at}`, 'x'.repeat(4000)]));
  expect((await send({ more: many })).slice(0, 2)).toEqual([400, 'FormPost: too many attributes']);
  const long = await send({ files: ['n'.repeat(20_000)] });
  expect(long.slice(0, 2)).toEqual([400, 'FormPost: the head of a part is too long']);
});
