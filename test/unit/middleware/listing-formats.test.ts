import { describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/listing-formats.ts';
import {
  type Handler,
  type Host,
  HttpError,
  type Logger,
  SwiftRequest,
  SwiftResponse,
} from '../../../src/middleware-api.ts';

const host = {} as Host;
const OBJECTS = [
  { bytes: 0, hash: 'h', name: 'a&<>"\'é', content_type: 'text/x', last_modified: '2026-11-22T13:06:14.952510' },
  { subdir: 'd/&"' },
  { bytes: 1, hash: 'h', name: 'sym', content_type: 'x', last_modified: 'y', symlink_path: '/v1/a/b' },
];
const CONTAINERS = [{ name: 'c&', count: 1, bytes: 2, last_modified: '2026', storage_policy: 'gold' }, { subdir: 'd' }];

interface Answer {
  status: number;
  type: string | undefined;
  vary: string | undefined;
  length: string | undefined;
  body: string;
  asked: string;
}

async function list(
  target: string,
  listing: unknown,
  options: { method?: string; headers?: Record<string, string>; status?: number; type?: string } = {},
): Promise<Answer> {
  let asked = '';
  const app: Handler = (req) => {
    asked = `${req.target} ${req.headers.get('accept') ?? '-'}`;
    const body = Buffer.from(typeof listing === 'string' ? listing : JSON.stringify(listing));
    const headers = {
      'content-type': options.type ?? 'application/json; charset=utf-8',
      'content-length': body.length,
    };
    return Promise.resolve(new SwiftResponse(options.status ?? 200, headers, req.method === 'HEAD' ? null : body));
  };
  const filter = await filterFactory({}, {}, host);
  const req = new SwiftRequest({
    method: options.method ?? 'GET',
    target,
    headers: options.headers ?? {},
    log: {} as Logger,
  });
  const res = await (await filter(app))(req);
  const { headers } = res;
  return {
    status: res.status,
    type: headers.get('content-type'),
    vary: headers.get('vary'),
    length: headers.get('content-length'),
    body: await res.text(),
    asked,
  };
}

describe('listings as Python Swift forms them', () => {
  test('plain text is the default, and says that it depends on Accept', async () => {
    expect(await list('/v1/a/c', OBJECTS)).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      vary: 'Accept',
      length: '18',
      body: 'a&<>"\'é\nd/&"\nsym\n',
      asked: '/v1/a/c?format=json -',
    });
  });

  test('XML of a container', async () => {
    const { body, vary, type, asked } = await list('/v1/a/c?format=xml&limit=3', OBJECTS);
    expect({ vary, type, asked }).toEqual({
      vary: undefined,
      type: 'application/xml; charset=utf-8',
      asked: '/v1/a/c?format=json&limit=3 application/xml',
    });
    expect(body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<container name="c"><object><name>a&amp;&lt;&gt;"\'é</name><hash>h</hash>' +
        '<bytes>0</bytes><content_type>text/x</content_type><last_modified>2026-11-22T13:06:14.952510</last_modified></object>' +
        '<subdir name="d/&amp;&quot;"><name>d/&amp;"</name></subdir><object><name>sym</name><hash>h</hash><bytes>1</bytes>' +
        '<content_type>x</content_type><last_modified>y</last_modified></object></container>',
    );
  });

  test('XML of an account, and of an empty container', async () => {
    expect((await list('/v1/a?format=xml', CONTAINERS)).body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<account name="a">\n<container><name>c&amp;</name><count>1</count>' +
        '<bytes>2</bytes><last_modified>2026</last_modified></container>\n<subdir name="d" />\n</account>',
    );
    const empty = await list('/v1/a/c', [], { headers: { Accept: 'text/xml' } });
    expect(empty.body).toBe('<?xml version="1.0" encoding="UTF-8"?>\n<container name="c" />');
    expect([empty.type, empty.vary]).toEqual(['text/xml; charset=utf-8', 'Accept']);
  });

  test('a blank format leaves the choice to Accept and still is a choice of format', async () => {
    for (const query of ['?format=', '?format=json&format']) {
      const answer = await list(`/v1/a/c${query}`, OBJECTS, { headers: { Accept: 'text/xml' } });
      expect([answer.type, answer.vary]).toEqual(['text/xml; charset=utf-8', undefined]);
    }
  });

  test('a format that is not UTF-8 is refused before the app is asked', async () => {
    expect(await list('/v1/a?format=%ff', CONTAINERS, { method: 'HEAD' })).toMatchObject({
      status: 400,
      type: 'text/plain',
      body: '"format" parameter not valid UTF-8',
      asked: '',
    });
  });

  test('JSON passes byte for byte', async () => {
    const body = '[{"bytes": 0, "name": "\\u00e9"}]';
    expect((await list('/v1/a/c?format=json', body)).body).toBe(body);
  });

  test('an empty plain listing is 204, an empty one in JSON is not', async () => {
    expect(await list('/v1/a/c', [])).toMatchObject({ status: 204, length: '0', type: 'text/plain; charset=utf-8' });
    expect(await list('/v1/a/c?format=json', [])).toMatchObject({ status: 200, length: '2' });
  });

  test('HEAD names the type and has no length', async () => {
    const answer = await list('/v1/a/c', OBJECTS, { method: 'HEAD', headers: { Accept: 'application/xml' } });
    expect(answer).toMatchObject({ type: 'application/xml; charset=utf-8', length: '0', vary: 'Accept', body: '' });
  });

  test('Accept headers that take none of the forms, or are none, never reach the app', async () => {
    await expect(list('/v1/a/c', [], { headers: { Accept: 'image/png' } })).rejects.toMatchObject({ status: 406 });
    const invalid = list('/v1/a/c', [], { headers: { Accept: 'garbage;;' } });
    await expect(invalid).rejects.toBeInstanceOf(HttpError);
    await expect(invalid).rejects.toMatchObject({ status: 400, text: 'Invalid Accept header' });
  });

  test('what is no listing stays as it is', async () => {
    expect(await list('/v1/a/c', 'oops', { status: 404, type: 'text/html' })).toMatchObject({
      status: 404,
      body: 'oops',
    });
    expect((await list('/v1/a/c', 'notjson')).body).toBe('notjson');
    expect((await list('/v1/a/c', '{"a":1}')).type).toBe('application/json; charset=utf-8');
    expect((await list('/v1/a/c', 'some', { type: 'text/plain' })).type).toBe('text/plain');
  });

  test('objects, other methods and other paths are left alone', async () => {
    expect((await list('/v1/a/c/o', '[]')).asked).toBe('/v1/a/c/o -');
    expect((await list('/v1/a/c', OBJECTS, { method: 'PUT' })).asked).toBe('/v1/a/c -');
    expect((await list('/info', OBJECTS)).asked).toBe('/info -');
  });

  test('reserved names are shown only to those who may see them', async () => {
    const listing = [{ name: '\u0000res', bytes: 1 }, { name: 'ok', bytes: 1 }, { subdir: '\u0000x' }];
    expect((await list('/v1/a/c', listing)).body).toBe('ok\n');
    expect((await list('/v1/a/c?format=json', listing)).body).toBe('[{"name": "ok", "bytes": 1}]');
    const headers = { 'X-Backend-Allow-Reserved-Names': 'true' };
    expect((await list('/v1/a/c', listing, { headers })).body).toBe('\u0000res\nok\n\u0000x\n');
  });
});
