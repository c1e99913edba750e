import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Handler, type SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, fakeSwift, request, text } from '../../../src/testing.ts';
import { Mapper, Middleware, type Result, Router, toResponse } from '../../../src/web.ts';

afterEach(() => assertNoLeaks());

/** Tells which action was asked, with what. */
class Servers {
  index(): Result {
    return { servers: [] };
  }
  create(): Result {
    return new SwiftResponse(201);
  }
  detail(): Result {
    return 'detail';
  }
  show(_req: SwiftRequest, params: Readonly<Record<string, string>>): Result {
    return `show ${params['id']} of ${params['tenant']}`;
  }
  update(_req: SwiftRequest, params: Readonly<Record<string, string>>): Result {
    return `update ${params['id']}`;
  }
  delete(): Result {
    return undefined;
  }
  reboot(_req: SwiftRequest, params: Readonly<Record<string, string>>): Result {
    return `reboot ${params['id']}`;
  }
}

class Api extends Router {
  constructor() {
    const controller = new Servers();
    super(
      new Mapper()
        .resource('servers', {
          controller,
          collection: { detail: 'GET' },
          member: { reboot: 'POST' },
          pathPrefix: '/:tenant',
        })
        .connect('/plain/{id}', { controller, action: 'show', methods: ['GET'] })
        .connect('/free/:action', { controller }),
    );
  }
}

const api = Api.factory({}, {}, fakeHost());
const ask = async (method: string, path: string): Promise<[number, string]> => {
  const res = await api(request(method, path));
  return [res.status, await text(res)];
};

describe('a router', () => {
  test.each<[string, string, number, string]>([
    ['GET', '/t/servers', 200, '{"servers":[]}'],
    ['POST', '/t/servers', 201, ''],
    ['GET', '/t/servers/detail', 200, 'detail'],
    ['GET', '/t/servers/7', 200, 'show 7 of t'],
    ['PUT', '/t/servers/7', 200, 'update 7'],
    ['DELETE', '/t/servers/7', 204, ''],
    ['POST', '/t/servers/7/reboot', 200, 'reboot 7'],
    ['GET', '/plain/7', 200, 'show 7 of undefined'],
    ['PATCH', '/free/detail', 200, 'detail'],
  ])('asks for %s %s the action of its resource', async (method, path, status, body) => {
    expect(await ask(method, path)).toEqual([status, body]);
  });

  test('answers 404 to a path that no route knows, and 405 with the methods to one that none is for', async () => {
    expect((await ask('GET', '/nowhere/at/all/x'))[0]).toBe(404);
    const res = await api(request('PATCH', '/t/servers/7'));
    expect([res.status, res.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE']);
  });

  test('never takes an action from the path that every object has', async () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect((await ask('GET', `/free/${name}`))[0]).toBe(404);
    }
  });

  test('gives the action the member whatever characters its name has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter((id) => !/[/%?#\\]/.test(id)),
        async (id) => {
          fc.pre(!['detail', 'new'].includes(id));
          const found = new Mapper().resource('x', { controller: new Servers() }).find('GET', `/x/${id}`);
          expect('params' in found ? found.params['id'] : found).toBe(id);
        },
      ),
    );
  });
});

describe('a result', () => {
  test('that is another app is asked with the same request', async () => {
    const app = fakeSwift({ 'GET /elsewhere': [200, 'from elsewhere'] });
    expect(await text(await toResponse(app, request('GET', '/elsewhere')))).toBe('from elsewhere');
  });

  test('that is text is text, and an object is JSON', async () => {
    const req = request('GET', '/');
    expect((await toResponse('x', req)).headers.get('content-type')).toBe('text/plain; charset=UTF-8');
    const json = await toResponse({ ä: 1 }, req);
    expect([json.headers.get('content-type'), json.headers.get('content-length'), await text(json)]).toEqual([
      'application/json',
      '8',
      '{"ä":1}',
    ]);
  });
});

describe('a middleware class', () => {
  class Guard extends Middleware {
    readonly #word: string;
    constructor(app: Handler, localConf: Readonly<Record<string, string>>) {
      super(app);
      this.#word = localConf['word'] ?? '';
    }
    override processRequest(req: SwiftRequest): Result {
      return req.headers.has('x-token') ? undefined : new SwiftResponse(403);
    }
    override processResponse(res: SwiftResponse): SwiftResponse {
      res.headers.set('x-word', this.#word);
      return res;
    }
  }

  test('answers by itself or lets the app answer, and is made with the settings of its section', async () => {
    const app = fakeSwift({ 'GET /': [200, 'ok'] });
    const guarded = await Guard.factory({}, { word: 'hi' }, fakeHost())(app);
    expect((await guarded(request('GET', '/'))).status).toBe(403);
    expect(app.calls).toEqual([]);
    const res = await guarded(request('GET', '/', { 'x-token': 'x' }));
    expect([res.headers.get('x-word'), await text(res)]).toEqual(['hi', 'ok']);
  });

  test('that overrides nothing changes nothing', async () => {
    const app = fakeSwift({ 'GET /': [200, 'ok'] });
    const handler = await Middleware.factory({}, {}, fakeHost())(app);
    expect(await text(await handler(request('GET', '/')))).toBe('ok');
  });
});
