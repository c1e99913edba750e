/** The rest of the pipeline as a filter for large objects needs it: keeps objects in memory and answers conditions and ranges. */

import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  conditionalResponse,
  errorResponse,
  etagThatIsAt,
  type Handler,
  Headers,
  isRangeIgnored,
  readAll,
  type SwiftRequest,
  SwiftResponse,
  Timestamp,
  unquotedEtag,
} from '../../../../src/middleware-api.ts';
import { TrackedBody, type UnfinishedBody } from '../../../../src/testing/tracked-body.ts';

export const NOW_SEC = 1_700_000_000;

interface StoredObject {
  readonly body: Buffer;
  readonly headers: Headers;
}

export interface Store {
  readonly app: Handler;
  /** By path. */
  readonly objects: Map<string, StoredObject>;
  /** `METHOD /path?query` of every request. */
  readonly calls: string[];
  /** Requests by the same text, the last of each. */
  readonly requests: Map<string, SwiftRequest>;
  /** Bodies that were neither read to their end nor closed. */
  readonly unfinished: Set<UnfinishedBody>;
  /** HEADs and GETs that are under way at this moment, and the most that were. */
  readonly load: { now: number; most: number };
  put(path: string, content: string, headers?: Record<string, string>): void;
}

const KEPT = /^(content-type|content-encoding|x-static-large-object|x-object-(meta|sysmeta)-.*)$/;

export function objectStore(): Store {
  const objects = new Map<string, StoredObject>();
  const store: Store = {
    objects,
    calls: [],
    requests: new Map<string, SwiftRequest>(),
    unfinished: new Set<UnfinishedBody>(),
    load: { now: 0, most: 0 },
    put: (path, content, headers = {}) => {
      objects.set(path, { body: Buffer.from(content), headers: new Headers(headers) });
    },
    app: async (req) => {
      const call = `${req.method} ${req.target}`;
      store.calls.push(call);
      store.requests.set(call, req);
      store.load.most = Math.max(store.load.most, ++store.load.now);
      await setImmediate();
      store.load.now -= 1;
      return answer(store, req);
    },
  };
  return store;
}

async function answer(store: Store, req: SwiftRequest): Promise<SwiftResponse> {
  const { objects } = store;
  const { method, path } = req;
  if (method === 'PUT') return await putObject(store, req);
  if (method === 'UPDATE') {
    req.body = await readAll(req.body);
    return errorResponse(202);
  }
  const object = objects.get(path);
  if (object === undefined) return errorResponse(404);
  if (method === 'DELETE') {
    objects.delete(path);
    return new SwiftResponse(204);
  }
  return method === 'GET' || method === 'HEAD' ? read(store, req, object) : errorResponse(405);
}

async function putObject({ objects }: Store, req: SwiftRequest): Promise<SwiftResponse> {
  const body = await readAll(req.body);
  const etag = hash('md5', body);
  const wanted = req.headers.get('etag');
  if (wanted !== undefined && wanted !== etag) return errorResponse(422);
  objects.set(req.path, { body, headers: new Headers([...req.headers].filter(([name]) => KEPT.test(name))) });
  return new SwiftResponse(201, {
    etag,
    'last-modified': Timestamp.fromSeconds(NOW_SEC).httpDate,
    'content-length': 0,
  });
}

function read({ unfinished }: Store, req: SwiftRequest, { body, headers: kept }: StoredObject): SwiftResponse {
  const lastModified = Timestamp.fromSeconds(NOW_SEC);
  const etag = hash('md5', body);
  const headers = new Headers(kept);
  headers
    .set('etag', etag)
    .set('last-modified', lastModified.httpDate)
    .set('x-backend-timestamp', lastModified.internal);
  headers.setDefault('content-type', 'application/octet-stream');
  const asked = new Headers(req.headers);
  if (isRangeIgnored(asked, (name) => kept.has(name))) asked.delete('range');
  const entity = {
    etag: unquotedEtag(etagThatIsAt(asked, (name) => kept.get(name)) ?? etag),
    lastModified,
    contentLength: body.length,
    contentType: headers.get('content-type') as string,
  };
  const decided = conditionalResponse({ method: req.method, headers: asked }, entity, headers);
  if (req.method === 'HEAD' || decided.kind === 'none') return new SwiftResponse(decided.status, headers);
  const whole = (): SwiftResponse['body'] => {
    switch (decided.kind) {
      case 'unsatisfiable':
        return decided.page;
      case 'whole':
        return body;
      case 'range':
        return body.subarray(decided.range.start, decided.range.end);
      case 'ranges':
        return decided.parts.body(({ start, end }) => body.subarray(start, end));
    }
  };
  return new SwiftResponse(
    decided.status,
    headers,
    new TrackedBody(`${req.method} ${req.target}`, whole(), unfinished),
  );
}
