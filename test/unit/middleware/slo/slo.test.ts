import { describe, expect, test } from 'vitest';
import { confSpec, filterFactory } from '../../../../src/middleware/slo.ts';
import { expirerContainer, type Handler, SwiftResponse } from '../../../../src/middleware-api.ts';
import { load, request, text } from '../../../../src/testing.ts';
import { NOW_SEC } from './object-store.ts';
import { LARGE, DELETE, ETAG, store, slo, host, reload, put, putLarge, replaceSlo } from './slo-support.ts';

test.each([
  ['PUT', LARGE],
  ['PUT', `${LARGE}?multipart-manifest=get`],
  ['POST', LARGE],
  ['DELETE', LARGE],
])('no client marks an object as a manifest: %s %s', async (method, target) => {
  const req = request(method, target, { 'x-static-large-object': 'True' }, '[]');
  expect([(await slo(req)).status, req.continues, store.calls]).toEqual([400, [], []]);
});

describe('DELETE', () => {
  test('deletes nested manifests and their segments, and asks for each manifest once', async () => {
    await putLarge();
    await slo(
      request(
        'PUT',
        '/v1/a/c/outer?multipart-manifest=put',
        {},
        JSON.stringify([{ path: '/c/large' }, { data: 'AAAA' }]),
      ),
    );
    const res = await slo(request('DELETE', '/v1/a/c/outer?multipart-manifest=delete', { accept: 'application/json' }));
    expect(JSON.parse(await text(res))).toMatchObject({ 'Response Status': '200 OK', 'Number Deleted': 4 });
    expect([...store.objects.keys()]).toEqual([]);
  });

  test('manifests that name one another come to an end', async () => {
    await putLarge();
    await slo(request('PUT', '/v1/a/c/other?multipart-manifest=put', {}, JSON.stringify([{ path: '/c/large' }])));
    await put([{ path: '/c/other' }]);
    const res = await slo(request('DELETE', DELETE, { accept: 'application/json' }));
    expect(JSON.parse(await text(res))).toMatchObject({ 'Response Status': '200 OK', 'Number Deleted': 2 });
  });

  test('more waiting segments than ten times the limit end the work', async () => {
    await putLarge();
    await reload({ max_manifest_segments: '0' });
    const res = await slo(request('DELETE', DELETE, { accept: 'application/json' }));
    expect(JSON.parse(await text(res))).toMatchObject({
      'Response Status': '400 Bad Request',
      'Response Body': 'Too many buffered slo segments to delete.',
    });
  });

  test('async=on queues the segments for the expirer and deletes the manifest', async () => {
    await reload({ allow_async_delete: 'true' });
    await putLarge();
    const asked: (string | null | undefined)[] = [];
    const req = request('DELETE', `${DELETE}&async=on`);
    req.env.authorize = (checked) => {
      if (checked === req) asked.push(checked.env.acl);
      return null;
    };
    expect((await slo(req)).status).toBe(204);
    expect(asked.length).toBe(1);
    const names = { account: 'a', container: 'c', object: 'large' };
    const queue = expirerContainer(host.hashPath, NOW_SEC, 86_400, names);
    const update = store.requests.get(`UPDATE /v1/.expiring_objects/${queue}`);
    const rows = JSON.parse(Buffer.from(update?.body as Uint8Array).toString()) as Record<string, unknown>[];
    expect(rows.map(({ name }) => name)).toEqual(['1700000000.00000-a/c/1', '1700000000.00000-a/c/2']);
    expect(rows[0]).toMatchObject({ content_type: 'application/async-deleted', size: 0, deleted: 0 });
    expect([...store.objects.keys()]).toEqual(['/v1/a/c/1', '/v1/a/c/2']);
  });

  test('a user who may not delete in the container of the segments queues nothing', async () => {
    await reload({ allow_async_delete: 'true' });
    store.put('/v1/a/d/1', 'x');
    await put([{ path: '/d/1' }]);
    const req = request('DELETE', `${DELETE}&async=on`);
    let asked = 0;
    req.env.authorize = (checked) => (checked === req && ++asked === 2 ? new SwiftResponse(403) : null);
    expect((await slo(req)).status).toBe(403);
    expect(store.calls.some((call) => call.startsWith('UPDATE'))).toBe(false);
    expect(store.objects.has(LARGE)).toBe(true);
  });
});

test('a listing shows the ETag of a large object beside that of its manifest', async () => {
  const listing = [
    { name: 'large', hash: `abc; s3_etag=x; slo_etag=${ETAG}; y=z`, bytes: 1 },
    { name: 'é', hash: 'abc', bytes: 1 },
    { subdir: 's/' },
  ];
  const app: Handler = () => {
    const body = Buffer.from(JSON.stringify(listing));
    return Promise.resolve(
      new SwiftResponse(
        200,
        { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length },
        body,
      ),
    );
  };
  replaceSlo(await load(filterFactory, {}, app, host));
  const res = await slo(request('GET', '/v1/a/c?format=json'));
  const body = await text(res);
  expect(res.contentLength).toBe(body.length);
  expect(JSON.parse(body)).toEqual([
    { name: 'large', hash: 'abc; s3_etag=x; y=z', bytes: 1, slo_etag: `"${ETAG}"` },
    ...listing.slice(1),
  ]);
});

test('tells its limits', () => {
  expect(host.info.get()['slo']).toEqual({
    max_manifest_segments: 1000,
    max_manifest_size: 8_388_608,
    yield_frequency: 10,
    min_segment_size: 1,
    allow_async_delete: false,
  });
  expect(Object.keys(confSpec)).toContain('delete_concurrency');
});
