import { expect, test } from 'vitest';
import { request } from '../../../src/testing.ts';

test("what the app learned of a request's own resource is not true of its sub-requests", () => {
  const req = request('GET', '/v1/AUTH_mine/c/o');
  req.env.swiftOwner = true;
  req.env.syncKey = 'of this container';
  req.env.acl = '.r:*';
  const sub = req.sub('GET', '/v1/AUTH_other/c', { source: 'X' });
  expect(sub.env).toMatchObject({ swiftOwner: undefined, syncKey: undefined, acl: undefined, source: 'X' });
  expect(req.env).toMatchObject({ swiftOwner: true, syncKey: 'of this container' });
});

test('a preauthorized sub-request is the owner, whoever the user is', async () => {
  const sub = request('GET', '/v1/a').sub('GET', '/v1/a', { source: 'X', as: 'preauthorized' });
  expect(sub.env).toMatchObject({ swiftOwner: true, authorizeOverride: true });
  expect(await sub.env.authorize?.(sub)).toBeNull();
});
