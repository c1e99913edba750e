/**
 * keystoneauth - decides what a user may do by the roles that Keystone gives: the account of project 1234 is `AUTH_1234`. Needs a filter
 * in front of it that tells who the user is: authtoken.
 */

import {
  cleanAcl,
  type FilterFactory,
  type Handler,
  type Order,
  readConf,
  type SwiftRequest,
  type SwiftResponse,
} from '../middleware-api.ts';
import { authorizeAnybody, authorizeUser } from './keystoneauth/authorize.ts';
import { identityOf } from './keystoneauth/identity.ts';
import { DOMAIN_HEADER, DOMAIN_SYSMETA } from './keystoneauth/project-domain.ts';
import { lowerCaseSet, readPrefixRules, type Rules } from './keystoneauth/rules.ts';

export const confSpec = {
  reseller_prefix: {
    type: 'text',
    default: 'AUTH',
    doc: "Prefixes of accounts, comma separated, before the project's id; '' (two quotes) for none.",
  },
  operator_roles: {
    type: 'list',
    default: ['admin', 'swiftoperator'],
    doc: "Roles that make a user of a project the owner of the project's account.",
  },
  '<prefix>_operator_roles': { type: 'list', doc: 'operator_roles for one reseller prefix.' },
  service_roles: {
    type: 'list',
    default: [],
    doc: 'When given, an owner needs one of these roles too, by X-Service-Token.',
  },
  '<prefix>_service_roles': { type: 'list', doc: 'service_roles for one reseller prefix.' },
  project_reader_roles: {
    type: 'list',
    default: [],
    doc: "Roles that let a user of a project read all of the project's account.",
  },
  '<prefix>_project_reader_roles': { type: 'list', doc: 'project_reader_roles for one reseller prefix.' },
  reseller_admin_role: {
    type: 'text',
    default: 'ResellerAdmin',
    doc: 'Role that may do everything in every account, and make and delete accounts.',
  },
  system_reader_roles: { type: 'list', default: [], doc: 'Roles that may read everything in every account.' },
  allow_overrides: {
    type: 'boolean',
    default: true,
    doc: 'Filters further out may let a request pass (tempurl, formpost).',
  },
  default_domain_id: {
    type: 'text',
    default: 'default',
    doc: 'Domain within which ACLs may have names of projects and users in place of ids.',
  },
  allow_names_in_acls: { type: 'boolean', default: true, doc: 'Whether ACLs may have names at all.' },
  is_admin: { type: 'boolean', default: false, doc: 'Without effect; OpenStack took it away.' },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'auth_token', 's3api', 's3token'],
  before: ['copy', 'staticweb', 'container_quotas', 'account_quotas', 'slo', 'dlo', 'versioned_writes'],
  why: 'it relies on who the user is, and what stands behind it relies on what the user may do',
};

class KeystoneAuth {
  readonly #rules: Rules;
  readonly #allowOverrides: boolean;

  constructor(rules: Rules, allowOverrides: boolean) {
    this.#rules = rules;
    this.#allowOverrides = allowOverrides;
  }

  handler(app: Handler): Handler {
    const anybody = authorizeAnybody(this.#rules);
    return async (req) => {
      if (this.#allowOverrides && req.env.authorizeOverride === true) return app(req);
      if (!this.#identify(req, app)) req.env.authorize = anybody;
      req.env.cleanAcl = cleanAcl;
      return showDomain(await app(req));
    };
  }

  /** False for a request of nobody known. */
  #identify(req: SwiftRequest, app: Handler): boolean {
    const identity = identityOf(req);
    if (identity === undefined) return false;
    // Never empty, not even for a token without a project: the user is known.
    req.env.remoteUser = `${identity.projectId ?? ''},${identity.projectName ?? ''}`;
    req.env.keystoneIdentity = identity;
    req.env.authorize = authorizeUser(identity, this.#rules, app);
    if (identity.roles.includes(this.#rules.resellerAdminRole)) req.env.resellerRequest = true;
    return true;
  }
}

function showDomain(res: SwiftResponse): SwiftResponse {
  const domainId = res.headers.get(DOMAIN_SYSMETA);
  if (domainId !== undefined && domainId !== '') res.headers.set(DOMAIN_HEADER, domainId);
  return res;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  if (conf.is_admin) host.log.warn('keystoneauth: is_admin has no effect; take it out of the config');
  const rules: Rules = {
    ...readPrefixRules({ ...globalConf, ...localConf }),
    resellerAdminRole: conf.reseller_admin_role.toLowerCase(),
    systemReaderRoles: lowerCaseSet(conf.system_reader_roles),
    defaultDomainId: conf.default_domain_id,
    allowNamesInAcls: conf.allow_names_in_acls,
  };
  const auth = new KeystoneAuth(rules, conf.allow_overrides);
  return (app) => auth.handler(app);
};
