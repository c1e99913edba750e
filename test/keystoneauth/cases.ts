/** Requests whose authorization by keystoneauth was recorded from Python Swift: who asks for what, under which ACL and options. */

export interface Case {
  conf: Record<string, string>;
  /** As authtoken leaves them, and others of the request. UTF-8. */
  headers: Record<string, string>;
  /** Keystone's version that the token is of; 0: not told. */
  version: 0 | 2 | 3;
  method: string;
  path: string;
  /** Native text. */
  acl: string | null;
  /** Status of the account, and the domain stored with it. */
  account: { status: number; domainId: string | null };
  syncKey: string | null;
  override: boolean;
}

/** Cases that share a subject, in the order of their outcomes in the recording. */
export interface Group {
  subject: string;
  cases: Case[];
}

const CONF = {
  reseller_prefix: 'AUTH, SERVICE',
  operator_roles: 'admin, swiftOperator',
  SERVICE_service_roles: 'service, glance',
  system_reader_roles: 'auditor',
  project_reader_roles: 'reader',
};

const NOBODY: Case = {
  conf: CONF,
  headers: {},
  version: 0,
  method: 'GET',
  path: '/v1/AUTH_p1/c/o',
  acl: null,
  account: { status: 204, domainId: 'default' },
  syncKey: null,
  override: false,
};

function user(roles: string, more: Record<string, string> = {}): Pick<Case, 'headers' | 'version'> {
  const headers = {
    'X-Identity-Status': 'Confirmed',
    'X-Roles': roles,
    'X-User-Id': 'u1',
    'X-User-Name': 'tester',
    'X-User-Domain-Id': 'default',
    'X-Project-Id': 'p1',
    'X-Project-Name': 'test',
    'X-Project-Domain-Id': 'default',
    ...more,
  };
  return { headers, version: 3 };
}

const SERVICE = { 'X-Service-Identity-Status': 'Confirmed', 'X-Service-Roles': 'other, Service' };

const USERS: Record<string, Pick<Case, 'headers' | 'version'>> = {
  nobody: { headers: {}, version: 0 },
  'somebody unconfirmed': { ...user('admin', { 'X-Identity-Status': 'Invalid' }) },
  'a user without roles': user(''),
  'a member': user('Member'),
  'an operator': user('other, SwiftOperator'),
  'an operator of another project': user('swiftoperator', {
    'X-Project-Id': 'p2',
    'X-Project-Name': 'test2',
    'X-User-Id': 'u2',
    'X-User-Name': 'tester2',
  }),
  'an operator with a service': user('swiftoperator', SERVICE),
  'an operator with a service that may not': user('swiftoperator', { ...SERVICE, 'X-Service-Roles': 'nova' }),
  'an operator with a bad service': user('swiftoperator', { ...SERVICE, 'X-Service-Identity-Status': 'Invalid' }),
  'a reseller admin': user('reselleradmin', { 'X-Project-Id': 'p9', 'X-Project-Name': 'ops', 'X-User-Id': 'u9' }),
  'an auditor': user('Auditor', { 'X-Project-Id': 'p9', 'X-Project-Name': 'ops', 'X-User-Id': 'u9' }),
  'a reader': user('reader'),
  'a reader of another project': user('reader', { 'X-Project-Id': 'p2' }),
};

const ACLS: readonly (string | null)[] = [
  null,
  'p1:u1',
  'p2:u2,other',
  'p2:*',
  '*:u2',
  '*:*',
  'test2:tester2',
  'test2:*',
  '*:tester2',
  'p2:tester2',
  'member',
  'MEMBER',
  '.r:*',
  '.r:*,.rlistings',
  '.r:*,member',
  '.r:*,.rlistings,p2:u2',
  '.rlistings',
  '.r:.example.com',
  'p2%3Au2',
];

const TARGETS = [
  '/v1/AUTH_p1',
  '/v1/AUTH_p1/',
  '/v1/AUTH_p1/c',
  '/v1/AUTH_p1/c/o',
  '/v1/SERVICE_p1/c/o',
  '/v1/OTHER_p1/c',
];
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'];

function decisions(): Group[] {
  const requests = METHODS.flatMap((method) => TARGETS.map((path) => ({ method, path })));
  return Object.entries(USERS).flatMap(([name, who]) =>
    ACLS.map((acl) => ({
      subject: `${name}, ACL ${acl ?? 'none'}`,
      cases: requests.map((request) => ({ ...NOBODY, ...who, ...request, acl })),
    })),
  );
}

/** Names in ACLs, by the domains of user, project and account. */
function names(): Group[] {
  const states = [
    { status: 204, domainId: 'default' },
    { status: 204, domainId: 'other' },
    { status: 204, domainId: '_unknown' },
    { status: 204, domainId: '' },
    { status: 204, domainId: null },
    { status: 404, domainId: null },
  ];
  const acls = [
    'p2:u2',
    'test2:tester2',
    'p2:tester2',
    'test2:u2',
    'test2:*',
    '*:tester2',
    '*:*',
    'ทด:สอบ',
    '%E0%B8%97%E0%B8%94:สอบ',
  ];
  const groups: Group[] = [];
  for (const userDomain of ['default', 'other', '']) {
    for (const projectDomain of ['default', 'other', '']) {
      for (const [options, conf] of Object.entries({
        'names allowed': {},
        'names not allowed': { allow_names_in_acls: 'no' },
        'another default domain': { default_domain_id: 'other' },
      })) {
        const who = user('member', {
          'X-Project-Id': 'p2',
          'X-User-Id': 'u2',
          'X-Project-Name': 'test2',
          'X-User-Name': 'tester2',
          'X-User-Domain-Id': userDomain,
          'X-Project-Domain-Id': projectDomain,
        });
        const thai = { ...who.headers, 'X-Project-Name': 'ทด', 'X-User-Name': 'สอบ' };
        groups.push({
          subject: `${options}, user of ${userDomain || 'none'}, project of ${projectDomain || 'none'}`,
          cases: states.flatMap((account) =>
            acls.map((acl) => ({
              ...NOBODY,
              ...who,
              headers: acl.includes('สอบ') ? thai : who.headers,
              conf: { ...CONF, ...conf },
              account,
              acl,
            })),
          ),
        });
      }
    }
  }
  for (const version of [0, 2] as const) {
    const { headers } = user('member', { 'X-Project-Id': 'p2', 'X-User-Id': 'u2', 'X-Project-Domain-Id': 'other' });
    groups.push({
      subject: `a token of version ${version}`,
      cases: states.map((account) => ({ ...NOBODY, headers, version, account, acl: 'test:tester' })),
    });
  }
  return groups;
}

/** Which domain is stored with an account. */
function domains(): Group[] {
  const states = [
    { status: 404, domainId: null },
    { status: 204, domainId: null },
    { status: 204, domainId: '_unknown' },
    { status: 204, domainId: 'default' },
    { status: 204, domainId: 'other' },
  ];
  const who = {
    'its operator': user('admin'),
    'its operator in another domain': user('admin', { 'X-Project-Domain-Id': 'other' }),
    'its operator without a domain': { ...user('admin'), version: 2 as const },
    'a reseller admin': user('ResellerAdmin', { 'X-Project-Id': 'p9' }),
    'another user': user('admin', { 'X-Project-Id': 'p2' }),
  };
  const requests = ['PUT', 'POST', 'DELETE', 'GET'].flatMap((method) =>
    ['/v1/AUTH_p1', '/v1/AUTH_p1/c', '/v1/AUTH_p1/c/o'].map((path) => ({ method, path })),
  );
  return Object.entries(who).map(([subject, identity]) => ({
    subject,
    cases: states.flatMap((account) => requests.map((request) => ({ ...NOBODY, ...identity, ...request, account }))),
  }));
}

/** Options of one prefix, odd prefixes, odd paths. */
function prefixes(): Group[] {
  const confs: Record<string, Record<string, string>> = {
    defaults: {},
    'own roles of a prefix': {
      reseller_prefix: 'AUTH, SERVICE',
      operator_roles: 'admin',
      SERVICE_operator_roles: ' Chief , Vice',
    },
    'an underscore': { reseller_prefix: 'AUTH_' },
    'no prefix': { reseller_prefix: '', operator_roles: 'chief' },
    'none and one': { reseller_prefix: "'', SERVICE", "''operator_roles": 'chief', SERVICE_service_roles: 'service' },
    'an empty role list': { operator_roles: '', service_roles: '' },
    'services for all': { service_roles: 'service' },
    'one that begins another': { reseller_prefix: 'AUTH, AUTH_X', AUTH_X_operator_roles: 'chief' },
    'readers of one prefix': { reseller_prefix: 'AUTH, SERVICE', SERVICE_project_reader_roles: 'chief' },
    'another reseller admin': { reseller_admin_role: 'Chief' },
    'many readers of the system': { system_reader_roles: 'one, Chief ,two' },
  };
  const paths = ['/v1/AUTH_p1/c', '/v1/SERVICE_p1/c', '/v1/p1/c', '/v1/AUTH_X_p1/c', '/v1/AUTH_/c'];
  const requests = [
    ...['GET', 'PUT'].flatMap((method) => paths.map((path) => ({ method, path }))),
    ...['/v1', '/v1/', '/', '//x', '/v1//c'].map((path) => ({ method: 'GET', path })),
  ];
  const who = {
    admin: user('admin'),
    chief: user('chief'),
    'chief with a service': user('chief', SERVICE),
    nobody: { headers: {}, version: 0 as const },
  };
  return Object.entries(confs).flatMap(([options, conf]) =>
    Object.entries(who).map(([name, identity]) => ({
      subject: `${options}: ${name}`,
      cases: requests.map((request) => ({ ...NOBODY, ...identity, ...request, conf, acl: '.r:*' })),
    })),
  );
}

/** Referrers, peers of container sync, overrides of filters further out. */
function others(): Group[] {
  const who = {
    nobody: { headers: {}, version: 0 as const },
    'another user': user('member', { 'X-Project-Id': 'p2' }),
  };
  const requests: Partial<Case>[] = [
    { headers: { Referer: 'http://www.example.com/x' }, acl: '.r:.example.com' },
    { headers: { Referer: 'http://www.example.com/x' }, acl: '.r:.example.com', path: '/v1/AUTH_p1/c' },
    { headers: { Referer: 'http://www.example.com/x' }, acl: '.r:.example.com,.rlistings', path: '/v1/AUTH_p1/c' },
    { headers: { Referer: 'http://thief.example.com/x' }, acl: '.r:.example.com,.r:-thief.example.com' },
    { headers: { Referer: 'http://elsewhere/x' }, acl: '.r:.example.com' },
    { headers: { 'X-Container-Sync-Key': 'key', 'X-Timestamp': '1' }, syncKey: 'key', method: 'PUT' },
    { headers: { 'X-Container-Sync-Key': 'wrong', 'X-Timestamp': '1' }, syncKey: 'key', method: 'PUT' },
    { headers: { 'X-Container-Sync-Key': 'key' }, syncKey: 'key', method: 'PUT' },
    { headers: { 'X-Container-Sync-Key': '', 'X-Timestamp': '1' }, syncKey: '', method: 'PUT' },
    { override: true },
    { override: true, conf: { ...CONF, allow_overrides: 'no' } },
  ];
  return Object.entries(who).map(([subject, identity]) => ({
    subject,
    cases: requests.map((request) => ({
      ...NOBODY,
      ...identity,
      ...request,
      headers: { ...identity.headers, ...request.headers },
    })),
  }));
}

export const groups: Record<string, Group[]> = {
  decisions: decisions(),
  names: names(),
  domains: domains(),
  prefixes: prefixes(),
  others: others(),
};

export const recordedFile: URL = new URL('../golden/keystoneauth/decisions.json', import.meta.url);

/** By part, then by subject: outcomes in the order of its cases, joined by blanks. */
export type Recorded = Record<string, Record<string, string>>;
