/** The filter before a store of objects, made anew for each test of a file that imports this. */

import { hash } from 'node:crypto';
import { afterEach, beforeEach, expect } from 'vitest';
import { filterFactory } from '../../../../src/middleware/slo.ts';
import { type Conf, type Handler, SwiftResponse } from '../../../../src/middleware-api.ts';
import { fakeHost, type FakeHost, load, request } from '../../../../src/testing.ts';
import { NOW_SEC, objectStore, type Store } from './object-store.ts';

export const LARGE = '/v1/a/c/large';
export const PUT: string = `${LARGE}?multipart-manifest=put`;
export const DELETE: string = `${LARGE}?multipart-manifest=delete`;
export const SEGMENTS: readonly { path: string }[] = [{ path: '/c/1' }, { path: '/c/2' }];
export const ETAG: string = hash('md5', hash('md5', 'hello ') + hash('md5', 'world'));

export let store: Store;
export let slo: Handler;
export let host: FakeHost;

export async function reload(options: Conf = {}): Promise<void> {
  host = fakeHost();
  host.clock = NOW_SEC;
  slo = await load(filterFactory, options, store.app, host);
}

beforeEach(async () => {
  store = objectStore();
  store.put('/v1/a/c/1', 'hello ');
  store.put('/v1/a/c/2', 'world');
  await reload();
});

afterEach(async () => {
  await host.close();
  expect([...store.unfinished]).toEqual([]);
});

export function put(items: unknown, headers: Record<string, string> = {}, query = ''): Promise<SwiftResponse> {
  return slo(request('PUT', `${PUT}${query}`, headers, JSON.stringify(items)));
}

export async function putLarge(): Promise<void> {
  expect((await put(SEGMENTS)).status).toBe(201);
  store.calls.length = 0;
}

export function get(headers: Record<string, string> = {}, method = 'GET'): Promise<SwiftResponse> {
  return slo(request(method, LARGE, headers));
}

/** For tests that put the filter before another app. */
export function replaceSlo(handler: Handler): void {
  slo = handler;
}
