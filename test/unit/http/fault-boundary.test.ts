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
