import { hash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Handler } from '../../../src/http/contract.ts';
import { digestOf } from '../../../src/http/body.ts';
import { BodyDigest } from '../../../src/http/body-digest.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { chunkedBody } from './object-fixture.ts';
import { InProcessCluster } from './in-process-cluster.ts';

const TARGET = '/v1/AUTH_test/c/o';
const BYTES = randomBytes(700_000);
const MD5 = hash('md5', BYTES, 'hex');
const CHUNKS = [BYTES.subarray(0, 65536), BYTES.subarray(65536, 65537), BYTES.subarray(65537)];

let cluster: InProcessCluster;
beforeEach(async () => {
  cluster = await InProcessCluster.start({ objectServers: 3 });
  expect((await cluster.send('PUT', '/v1/AUTH_test/c')).status).toBe(201);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await cluster.close();
});

/** Puts `around` in front of every object server. */
function wrapServers(around: (server: Handler, id: number) => Handler): void {
  cluster.objectServers.forEach((server, id) => (cluster.objectServers[id] = around(server, id)));
}

/** ETags that the object servers have, each asked for itself; undefined where there is no object. */
async function storedEtags(): Promise<(string | undefined)[]> {
  return await Promise.all(
    cluster.objectServers.map(async (server) => {
      for (const device of ['d0', 'd1', 'd2']) {
        const place = lastTarget.replace(/^\/[^/]+/, `/${device}`);
        const res = await server(new SwiftRequest({ method: 'HEAD', target: place, log: cluster.log }));
        if (res.status === 200) return res.headers.get('etag')?.replaceAll('"', '');
      }
      return undefined;
    }),
  );
}

let lastTarget = '';
function rememberTargets(): void {
  wrapServers((server) => (req) => {
    if (req.method === 'PUT') lastTarget = req.rawPath;
    return server(req);
  });
}

describe('replicas in one process share the MD5 of a PUT', () => {
  test('it is made once, and every replica has it', async () => {
    const digests = new Set<BodyDigest | undefined>();
    wrapServers((server) => (req) => {
      if (req.method === 'PUT') digests.add(digestOf(req.body));
      return server(req);
    });
    rememberTargets();
    const asked = vi.spyOn(BodyDigest.prototype, 'hex');
    const res = await cluster.send('PUT', TARGET, { 'transfer-encoding': 'chunked' }, chunkedBody(CHUNKS));
    expect([res.status, res.headers.get('etag')]).toEqual([201, MD5]);
    expect([...digests]).toEqual([expect.any(BodyDigest)]);
    expect(asked.mock.calls).toEqual([[BYTES.length], [BYTES.length], [BYTES.length]]);
    expect(await storedEtags()).toEqual([MD5, MD5, MD5]);
  });

  test('with footers it is that of the object, not of the message around it', async () => {
    rememberTargets();
    const asked = vi.spyOn(BodyDigest.prototype, 'hex');
    const env = {
      updateFooters: (footers: { set(name: string, value: string): unknown }) =>
        void footers.set('x-object-meta-a', 'b'),
    };
    const res = await cluster.send('PUT', TARGET, { 'transfer-encoding': 'chunked' }, chunkedBody(CHUNKS), env);
    expect([res.status, asked.mock.calls.length]).toEqual([201, 3]);
    expect(await storedEtags()).toEqual([MD5, MD5, MD5]);
  });

  test('bytes that are not those of the ETag that the client sent are refused by every replica', async () => {
    rememberTargets();
    const res = await cluster.send('PUT', TARGET, { etag: hash('md5', 'else', 'hex') }, BYTES);
    expect(res.status).toBe(422);
    expect(await storedEtags()).toEqual([undefined, undefined, undefined]);
  });

  test('a body that is shorter than promised is stored nowhere', async () => {
    rememberTargets();
    const headers = { 'content-length': String(BYTES.length + 1) };
    expect((await cluster.send('PUT', TARGET, headers, chunkedBody(CHUNKS))).status).toBe(499);
    expect(await storedEtags()).toEqual([undefined, undefined, undefined]);
  });

  test('an object server that sees other bytes than were sent makes its own, and the difference is found', async () => {
    rememberTargets();
    wrapServers((server, id) => (req) => {
      const { body } = req;
      if (id === 0 && body !== null && !(body instanceof Uint8Array)) {
        req.body = (async function* () {
          for await (const chunk of body) yield Buffer.alloc(chunk.length);
        })();
      }
      return server(req);
    });
    const res = await cluster.send('PUT', TARGET, {}, BYTES);
    expect(res.status).toBe(500);
    const zeros = hash('md5', Buffer.alloc(BYTES.length), 'hex');
    expect((await storedEtags()).sort()).toEqual([zeros, MD5, MD5].sort());
  });
});
