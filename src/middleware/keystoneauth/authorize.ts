/** Who may do what: called by the app once it knows the container's ACL. */

import {
  type Authorize,
  errorResponse,
  type Handler,
  isReferrerAllowed,
  type KeystoneIdentity,
  parseAcl,
  type ParsedAcl,
  type SwiftRequest,
  type SwiftResponse,
  unauthorizedResponse,
} from '../../middleware-api.ts';
import { areNamesGood, rememberDomain } from './project-domain.ts';
import { hasAnyRole, type Rules } from './rules.ts';
import { hasName, isAccountOf, prefixOf, type Target, targetOf } from './target.ts';

/** `owner`: granted, with what belongs to the account's owner. undefined: not decided by this check. */
type Verdict = 'owner' | 'granted' | 'refused' | undefined;

/** 403 for somebody who is known, 401 for somebody who is not. */
function deny(req: SwiftRequest): SwiftResponse {
  return req.env.remoteUser === undefined ? unauthorizedResponse(req) : errorResponse(403);
}

function isReading(req: SwiftRequest): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

/** What a user may do whose identity is confirmed. */
export function authorizeUser(identity: KeystoneIdentity, rules: Rules, app: Handler): Authorize {
  return async (req) => {
    // One that an earlier call left, on the way of a copy, is not this one's.
    req.env.swiftOwner = undefined;
    if (req.method === 'OPTIONS') return null;
    const target = targetOf(req.path);
    if (target === undefined) return errorResponse(404);
    await rememberDomain(req, target, identity, rules, app);
    const acl = parseAcl(req.env.acl);
    const verdict =
      byClusterRole(req, identity, rules) ??
      byOwnRemoval(req, target) ??
      (await byProjectAndUser(req, target, identity, rules, acl, app)) ??
      byAccount(req, target, identity, rules, acl);
    if (verdict === 'owner') req.env.swiftOwner = true;
    return verdict === 'refused' ? deny(req) : null;
  };
}

/** What anybody may do. */
export function authorizeAnybody(rules: Rules): Authorize {
  return (req) => {
    const target = targetOf(req.path);
    if (target === undefined) return errorResponse(404);
    if (req.method === 'OPTIONS') return null;
    if (prefixOf(target.account, rules.prefixes) === undefined) return deny(req);
    return byContainer(req, target, parseAcl(req.env.acl)) === 'granted' ? null : deny(req);
  };
}

/** Roles that count in every account. */
function byClusterRole(req: SwiftRequest, { roles }: KeystoneIdentity, rules: Rules): Verdict {
  if (roles.includes(rules.resellerAdminRole)) return 'owner';
  return isReading(req) && hasAnyRole(roles, rules.systemReaderRoles) ? 'granted' : undefined;
}

/** Nobody but a reseller removes an account. */
function byOwnRemoval(req: SwiftRequest, { container, object }: Target): Verdict {
  return req.method === 'DELETE' && !hasName(container) && !hasName(object) ? 'refused' : undefined;
}

/** `project:user` in the ACL, each by id, by `*`, or by name where names are good. */
async function byProjectAndUser(
  req: SwiftRequest,
  target: Target,
  identity: KeystoneIdentity,
  rules: Rules,
  { groups }: ParsedAcl,
  app: Handler,
): Promise<Verdict> {
  if (groups.length === 0) return undefined;
  const { projectId, projectName, userId, userName } = identity;
  if (isListed(groups, [projectId, '*'], [userId, '*'])) return 'granted';
  if (!isListed(groups, [projectId, '*', projectName], [userId, '*', userName])) return undefined;
  return (await areNamesGood(req, target, identity, rules, app)) ? 'granted' : undefined;
}

function isListed(
  groups: readonly string[],
  projects: readonly (string | undefined)[],
  users: readonly (string | undefined)[],
): boolean {
  return projects.some(
    (project) =>
      project !== undefined && users.some((user) => user !== undefined && groups.includes(`${project}:${user}`)),
  );
}

/** What needs no identity: a peer of container sync, and referrers that the ACL lets in. */
function byContainer(req: SwiftRequest, { object }: Target, { referrers, groups }: ParsedAcl): Verdict {
  const { syncKey } = req.env;
  const isPeer = syncKey !== undefined && syncKey !== '' && req.headers.get('x-container-sync-key') === syncKey;
  if (isPeer && req.headers.has('x-timestamp')) return 'granted';
  if (!isReferrerAllowed(req.headers.get('referer'), referrers)) return undefined;
  return hasName(object) || groups.includes('.rlistings') ? 'granted' : 'refused';
}

/** The container's ACL, then the user's roles in the account's own project. */
function byAccount(
  req: SwiftRequest,
  target: Target,
  identity: KeystoneIdentity,
  rules: Rules,
  acl: ParsedAcl,
): Exclude<Verdict, undefined> {
  const unconfirmed = byContainer(req, target, acl);
  if (unconfirmed === 'granted') return 'granted';
  const { roles, serviceRoles } = identity;
  const own = isAccountOf(target.account, identity.projectId, rules.prefixes)
    ? rules.byPrefix.get(prefixOf(target.account, rules.prefixes) ?? '')
    : undefined;
  if (own === undefined) return 'refused';
  const hasService = own.serviceRoles.size === 0 || hasAnyRole(serviceRoles, own.serviceRoles);
  if (hasService && hasAnyRole(roles, own.operatorRoles)) return 'owner';
  if (isReading(req) && hasAnyRole(roles, own.projectReaderRoles)) return 'granted';
  if (unconfirmed === 'refused') return 'refused';
  return acl.groups.some((group) => roles.includes(group.toLowerCase())) ? 'granted' : 'refused';
}
