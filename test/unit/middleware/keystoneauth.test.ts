import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { confSpec, filterFactory } from '../../../src/middleware/keystoneauth.ts';
import { type Handler, type SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, fakeSwift, load, request } from '../../../src/testing.ts';
import { type Case, groups, type Recorded, recordedFile } from '../../keystoneauth/cases.ts';

afterEach(() => {
  assertNoLeaks();
});

const DOMAIN = 'x-account-sysmeta-project-domain-id';
const recorded = JSON.parse(readFileSync(recordedFile, 'utf8')) as Recorded;

/** The app: asks for authorization as the proxy does, and answers questions about the account. */
function appOf(wanted: Case, seen: { owner?: boolean | undefined; domain?: string | undefined }): Handler {
  return async (req) => {
    if (req.env.source === 'KS') {
      const { status, domainId } = wanted.account;
      return new SwiftResponse(status, domainId === null ? {} : { [DOMAIN]: domainId });
    }
    req.env.acl = wanted.acl;
    const answer = await req.env.authorize?.(req);
    seen.owner = req.env.swiftOwner;
    seen.domain = req.headers.get(DOMAIN);
    return answer ?? new SwiftResponse(200);
  };
}

function requestOf(wanted: Case): SwiftRequest {
  const req = request(wanted.method, wanted.path);
  for (const [name, value] of Object.entries(wanted.headers)) req.headers.setText(name, value);
  if (wanted.version !== 0) req.env.keystoneTokenInfo = wanted.version === 2 ? { access: {} } : { token: {} };
  if (wanted.syncKey !== null) req.env.syncKey = wanted.syncKey;
  if (wanted.override) {
    req.env.authorizeOverride = true;
    if (wanted.conf['allow_overrides'] !== 'no') req.env.authorize = () => null;
  }
  return req;
}

/** In the form of the recording. */
async function outcomeOf(wanted: Case): Promise<string> {
  const seen: { owner?: boolean | undefined; domain?: string | undefined } = {};
  const handler = await load(filterFactory, wanted.conf, appOf(wanted, seen));
  const req = requestOf(wanted);
  const res = await handler(req);
  const realm = /realm="(.*)"/.exec(res.headers.get('www-authenticate') ?? '')?.[1];
  return [
    res.status,
    seen.owner === true ? 'o' : '',
    req.env.resellerRequest === true ? 'r' : '',
    seen.domain === undefined ? '' : `=${seen.domain}`,
    res.status === 401 ? `@${realm}` : '',
  ].join('');
}

describe.each(Object.entries(groups))('as Python Swift decides: %s', (part, subjects) => {
  test(`${subjects.reduce((sum, { cases }) => sum + cases.length, 0)} recorded requests are judged the same`, async () => {
    const differences: string[] = [];
    expect(Object.keys(recorded[part] ?? {})).toEqual(subjects.map(({ subject }) => subject));
    for (const { subject, cases } of subjects) {
      const expected = recorded[part]?.[subject]?.split(' ') ?? [];
      expect(expected).toHaveLength(cases.length);
      for (const [at, wanted] of cases.entries()) {
        const outcome = await outcomeOf(wanted);
        if (outcome === expected[at]) continue;
        const { method, path, acl, account } = wanted;
        differences.push(
          `${subject}: ${method} ${path} ${acl} ${JSON.stringify(account)}: ${outcome}, not ${expected[at]}`,
        );
      }
    }
    expect(differences).toEqual([]);
  });
});

const OPERATOR = {
  'x-identity-status': 'Confirmed',
  'x-roles': 'admin',
  'x-project-id': 'p1',
  'x-project-name': 'test',
  'x-user-id': 'u1',
};

test('who the user is reaches the filters behind', async () => {
  const app = fakeSwift({ 'GET /v1/AUTH_p1': 200 });
  const req = request('GET', '/v1/AUTH_p1', { ...OPERATOR, 'x-service-roles': 'Glance' });
  await (
    await load(filterFactory, {}, app)
  )(req);
  expect(req.env.remoteUser).toBe('p1,test');
  expect(req.env.keystoneIdentity).toMatchObject({ userId: 'u1', roles: ['admin'], serviceRoles: ['glance'] });
});

test('an ACL is cleaned as it is set', async () => {
  const req = request('PUT', '/v1/AUTH_p1/c');
  await (
    await load(filterFactory, {}, fakeSwift({ 'PUT /v1/AUTH_p1/c': 201 }))
  )(req);
  expect(req.env.cleanAcl?.('x-container-read', ' .ref : * , a:b')).toBe('.r:*,a:b');
});

test('clients see the domain of the project that is stored with an account', async () => {
  const app = fakeSwift({
    'GET /v1/AUTH_p1': () => new SwiftResponse(204, { [DOMAIN]: 'default' }),
    'GET /v1/AUTH_p2': () => new SwiftResponse(204, { [DOMAIN]: '' }),
  });
  const handler = await load(filterFactory, {}, app);
  const domainOf = async (path: string): Promise<string | undefined> =>
    (await handler(request('GET', path, OPERATOR))).headers.get('x-account-project-domain-id');
  expect([await domainOf('/v1/AUTH_p1'), await domainOf('/v1/AUTH_p2')]).toEqual(['default', undefined]);
});

test('a token without a project owns no account and is in no ACL, not even those of "None" and "undefined"', async () => {
  const { 'x-identity-status': confirmed, 'x-roles': roles } = OPERATOR;
  const app: Handler = async (req) => {
    req.env.acl = 'None:None,undefined:undefined,:';
    return (await req.env.authorize?.(req)) ?? new SwiftResponse(200);
  };
  const handler = await load(filterFactory, {}, app);
  for (const account of ['AUTH_None', 'AUTH_undefined', 'AUTH_']) {
    const req = request('GET', `/v1/${account}/c`, { 'x-identity-status': confirmed, 'x-roles': roles });
    expect((await handler(req)).status).toBe(403);
  }
});

test('owning one account is forgotten when the next request is judged', async () => {
  const owners: unknown[] = [];
  const app: Handler = async (req) => {
    for (const path of ['/v1/AUTH_p1/c', '/v1/AUTH_p2/c']) {
      req.path = path;
      await req.env.authorize?.(req);
      owners.push(req.env.swiftOwner);
    }
    return new SwiftResponse(200);
  };
  await (
    await load(filterFactory, {}, app)
  )(request('GET', '/v1/AUTH_p1/c', OPERATOR));
  expect(owners).toEqual([true, undefined]);
});

test('a domain that differs from the one stored is warned about', async () => {
  const app: Handler = async (req) => {
    if (req.env.source === 'KS') return new SwiftResponse(204, { [DOMAIN]: 'other' });
    return (await req.env.authorize?.(req)) ?? new SwiftResponse(201);
  };
  const req = request('PUT', '/v1/AUTH_p1/c', { ...OPERATOR, 'x-project-domain-id': 'default' });
  req.env.keystoneTokenInfo = { token: {} };
  expect((await (await load(filterFactory, {}, app))(req)).status).toBe(201);
  expect(req.log.lines).toEqual(['Inconsistent project domain id: default in token vs other in account metadata.']);
});

test('is_admin, which OpenStack took away, is warned about', async () => {
  const host = fakeHost();
  await load(filterFactory, { is_admin: 'true' }, fakeSwift(), host);
  expect(host.log.lines).toEqual(['keystoneauth: is_admin has no effect; take it out of the config']);
  expect(Object.keys(confSpec)).toContain('is_admin');
});
