/** Manifests of dynamic large objects with listings and segments, for the tests of dlo. */

import { filterFactory } from '../../../src/middleware/dlo.ts';
import { type Conf, type Handler, SwiftResponse } from '../../../src/middleware-api.ts';
import { type FakeAnswer, type FakeSwift, fakeHost, fakeSwift, load, request } from '../../../src/testing.ts';
import { md5, stored } from '../http/stored-objects.ts';

export const UNLIMITED: Conf = { rate_limit_segments_per_sec: '0' };
export const LARGE = '/v1/a/c/large';

export interface Row {
  name: string;
  content: string;
}

export function listingRow({ name, content }: Row): unknown {
  return {
    name,
    bytes: content.length,
    hash: md5(content),
    content_type: 'x/y',
    last_modified: '2026-11-22T00:00:00.000000',
  };
}

/** A listing by `prefix`, `marker` and the limit of a page. */
export function listing(rows: readonly Row[], limit = 10_000): FakeAnswer {
  return (req) => {
    const { params } = req;
    const found = rows.filter(
      ({ name }) => name.startsWith(params.get('prefix') ?? '') && name > (params.get('marker') ?? ''),
    );
    const page = Buffer.from(JSON.stringify(found.slice(0, limit).map(listingRow)));
    return new SwiftResponse(200, { 'content-type': 'application/json', 'content-length': page.length }, page);
  };
}

export const MANIFEST_HEADERS: Readonly<Record<string, string>> = {
  'x-object-manifest': 'segs/p%20q/',
  'content-type': 'text/large',
  etag: md5(''),
  'last-modified': 'Sun, 22 Nov 2026 13:06:11 GMT',
  'accept-ranges': 'bytes',
  'x-object-meta-color': 'blue',
};

export function swiftWith(rows: readonly Row[], limit?: number): FakeSwift {
  const objects = rows.map(({ name, content }): [string, FakeAnswer] => [
    `GET /v1/a/segs/${name}`,
    stored(Buffer.from(content)),
  ]);
  return fakeSwift({
    [`GET ${LARGE}`]: [200, MANIFEST_HEADERS],
    'GET /v1/a/segs': listing(rows, limit),
    ...Object.fromEntries(objects),
  });
}

export const ROWS: Row[] = [
  { name: 'other', content: 'not of it' },
  { name: 'p q/1', content: 'aaaa' },
  { name: 'p q/2 ☃ %41', content: 'bbbbbb' },
  { name: 'p q/3', content: '' },
  { name: 'p q/4/5', content: 'cc' },
  { name: 'p r', content: 'not of it' },
];
export const WHOLE = 'aaaabbbbbbcc';
export const ETAG: string = md5(
  ROWS.slice(1, 5)
    .map(({ content }) => md5(content))
    .join(''),
);

export async function dlo(app: Handler, conf: Conf = UNLIMITED, limit?: number): Promise<Handler> {
  const host = fakeHost(limit === undefined ? {} : { constraints: { container_listing_limit: limit } });
  return load(filterFactory, conf, app, host);
}

export async function send(
  app: Handler,
  method: string,
  headers: Record<string, string> = {},
  target: string = LARGE,
): Promise<SwiftResponse> {
  return (await dlo(app))(request(method, target, headers));
}
