import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Handler } from '../../../src/http/contract.ts';
import { type RequestInit, SwiftRequest } from '../../../src/http/request.ts';
import { textResponse } from '../../../src/http/response.ts';
import { configFilterFactory } from '../../../src/paste/config-filter.ts';
import { prefixFilterFactory } from '../../../src/paste/prefix-filter.ts';
import { makeUrlMap } from '../../../src/paste/urlmap.ts';
import { silentLogger, testHost } from './test-host.ts';

/** Answers with what it saw. */
const echo: Handler = async (req) => {
  const seen = { script: req.scriptName, raw: req.rawPath, path: req.path, query: req.queryString };
  const from = { host: req.headers.get('host'), address: req.remoteAddress, scheme: req.scheme, body: req.body };
  return textResponse(200, JSON.stringify({ ...seen, ...from }));
};

function request(target: string, init: Partial<RequestInit> = {}): SwiftRequest {
  return new SwiftRequest({ method: 'GET', target, log: silentLogger, ...init });
}

async function seenBy(app: Handler, req: SwiftRequest): Promise<Record<string, unknown>> {
  return JSON.parse(await (await app(req)).text()) as Record<string, unknown>;
}

describe('urlmap', () => {
  const map = makeUrlMap([
    { domain: null, path: '', app: echo },
    { domain: null, path: '/v1', app: echo },
  ]);

  test('the raw path of an object stays byte for byte as received, apart from the mount point', async () => {
    expect(await seenBy(map, request('/v1/a%2Fb/%E0%B8%92/..%2f?x=%20'))).toMatchObject({
      script: '/v1',
      raw: '/a%2Fb/%E0%B8%92/..%2f',
      query: 'x=%20',
    });
  });

  test('mount point and rest together are the path that came, with runs of slashes reduced', async () => {
    const segment = fc.stringMatching(/^[a-z0-9%/]{0,8}$/).filter((text) => !text.includes('%'));
    await fc.assert(
      fc.asyncProperty(fc.array(segment), async (segments) => {
        const target = `/${segments.join('/')}`;
        const seen = await seenBy(map, request(target));
        expect(`${String(seen['script'])}${String(seen['path'])}`).toBe(target.replace(/\/+/g, '/'));
      }),
    );
  });

  test('a path that nothing takes gets a 404 that tells the known addresses, escaped', async () => {
    const two = makeUrlMap([{ domain: 'a.example', path: '/x', app: echo }]);
    const res = await two(request('/<script>', { headers: { host: 'b.example' } }));
    expect(res.status).toBe(404);
    const page = await res.text();
    expect(page).toContain('http://a.example/x');
    expect(page).not.toContain('<script>');
  });

  test('a target that is no path gets a 404', async () => {
    expect((await map(request('*'))).status).toBe(404);
  });
});

describe('prefix filter', () => {
  const make = async (conf: Record<string, string>): Promise<Handler> =>
    prefixFilterFactory(echo, {}, conf, testHost());

  test('the prefix moves from the path to the mount point', async () => {
    const app = await make({ prefix: '/swift/' });
    expect(await seenBy(app, request('/swift/v1/a'))).toMatchObject({ script: '/swift', raw: '/v1/a' });
    expect(await seenBy(app, request('/swift'))).toMatchObject({ script: '/swift', raw: '/' });
    expect(await seenBy(app, request('/swifter'))).toMatchObject({ script: '/swift', raw: '/swifter' });
  });

  test('forwarding headers tell host, client and scheme; of a list the first counts', async () => {
    const headers = {
      host: 'inner:8080',
      'x-forwarded-server': 'server.example',
      'x-forwarded-host': 'outer.example, proxy',
      'x-forwarded-for': '10.0.0.1, 10.0.0.2',
      'x-forwarded-proto': 'https',
    };
    const outside = { host: 'outer.example', address: '10.0.0.1', scheme: 'https' };
    expect(await seenBy(await make({}), request('/', { headers }))).toMatchObject(outside);
    expect(
      await seenBy(await make({ translate_forwarded_server: 'no' }), request('/', { headers, remoteAddress: '9' })),
    ).toMatchObject({
      host: 'inner:8080',
      address: '9',
      scheme: 'http',
    });
  });

  test('port and scheme can be forced', async () => {
    const app = await make({ force_port: '444', scheme: 'https' });
    expect(await seenBy(app, request('/', { headers: { host: 'a.example:80' } }))).toMatchObject({
      host: 'a.example:444',
      scheme: 'https',
    });
  });
});

test('the config filter shows its settings, local over global, in the request', async () => {
  let seen: unknown;
  const app: Handler = async (req) => {
    seen = req.env.pasteConfig;
    return textResponse(200, '');
  };
  const filtered = await configFilterFactory(app, { a: '1', b: '2' }, { b: '3' }, testHost());
  await filtered(request('/'));
  expect(seen).toEqual({ a: '1', b: '3' });
});
