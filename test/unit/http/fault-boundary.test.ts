import { expect, test } from 'vitest';
import type { Logger } from '../../../src/common/host.ts';
import { faultBoundary } from '../../../src/http/fault-boundary.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { HttpError, SwiftResponse } from '../../../src/http/response.ts';

const req = new SwiftRequest({ method: 'GET', target: '/', log: {} as Logger });

test('an HttpError becomes its answer, thrown or rejected', async () => {
  const rejected = faultBoundary(() => Promise.reject(new HttpError(412, 'no')));
  expect((await rejected(req)).status).toBe(412);
  const thrown = faultBoundary(() => {
    throw new HttpError(404);
  });
  expect((await thrown(req)).status).toBe(404);
});

test('answers pass as they are, and other errors stay errors', async () => {
  const answer = new SwiftResponse(200);
  expect(await faultBoundary(() => Promise.resolve(answer))(req)).toBe(answer);
  await expect(faultBoundary(() => Promise.reject(new TypeError('bug')))(req)).rejects.toThrow(TypeError);
});

test('behind a filter that only passes requests on, no promise is made for the boundary in front of it', async () => {
  const inner = faultBoundary(() => Promise.reject(new HttpError(409)));
  let passed: Promise<SwiftResponse> | undefined;
  const outer = faultBoundary((request) => (passed = inner(request)));
  const answer = outer(req);
  expect(answer).toBe(passed);
  expect((await answer).status).toBe(409);
});

test('a filter that fails for an answer it waits for is answered for, whatever was answered last', async () => {
  const inner = faultBoundary(() => Promise.resolve(new SwiftResponse(200)));
  const outer = faultBoundary(async (request) => {
    await inner(request);
    throw new HttpError(409);
  });
  expect((await outer(req)).status).toBe(409);
});
