/** Who may do what: called by the app once it knows the container's ACL. */

import {
  accountInfo,
  type Authorize,
  errorResponse,
  type Handler,
  isReferrerAllowed,
  parseAcl,
  type SwiftRequest,
  type SwiftResponse,
  unauthorizedResponse,
} from '../../middleware-api.ts';
import { accountAccess, storeAccountAcl } from './account-acl.ts';
import type { Resellers } from './resellers.ts';

interface Target {
  account: string;
  /** The reseller prefix of the account. */
  prefix: string;
  container: string | undefined;
  object: string | undefined;
}

/** 403 for somebody who is known, 401 for somebody who is not. */
export function deny(req: SwiftRequest): SwiftResponse {
  const { remoteUser } = req.env;
  return remoteUser === undefined || remoteUser === '' ? unauthorizedResponse(req) : errorResponse(403);
}

function isReading(req: SwiftRequest): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

/** False also for the blank name in `/v1/account//`, which asks for the account itself. */
function hasName(name: string | undefined): boolean {
  return name !== undefined && name !== '';
}

export function makeAuthorize(resellers: Resellers, app: Handler): Authorize {
  return async (req) => {
    const [root, version = '', account = '', container, ...rest] = req.path.split('/');
    if (root !== '' || version === '') return errorResponse(404);
    const prefix = resellers.prefixOf(account);
    if (prefix === undefined) return deny(req);
    const badAcl = storeAccountAcl(req);
    if (badAcl !== undefined) return badAcl;
    const target: Target = { account, prefix, container, object: rest.length === 0 ? undefined : rest.join('/') };
    const groups = (req.env.remoteUser ?? '').split(',').filter((group) => group !== '');
    if (isReseller(req, target, resellers, groups)) return null;
    if (ownsAccount(req, target, resellers, groups)) {
      req.env.swiftOwner = true;
      return null;
    }
    if (isContainerSync(req) || req.method === 'OPTIONS') return null;
    if (passesContainerAcl(req, target, groups)) return null;
    return (await passesAccountAcl(req, target, groups, app)) ? null : deny(req);
  };
}

function isReseller(
  req: SwiftRequest,
  { account, prefix }: Target,
  resellers: Resellers,
  groups: readonly string[],
): boolean {
  if (resellers.isOfCluster(account, prefix)) return false;
  if (groups.includes('.reseller_admin')) {
    req.env.swiftOwner = true;
    return true;
  }
  return groups.includes('.reseller_reader') && isReading(req);
}

/** An account's own admins may do all but make or delete the account. */
function ownsAccount(
  req: SwiftRequest,
  { account, prefix, container }: Target,
  resellers: Resellers,
  groups: readonly string[],
): boolean {
  if (!groups.includes(account)) return false;
  const required = resellers.requiredGroup(prefix);
  if (required !== '' && !groups.includes(required)) return false;
  return hasName(container) || (req.method !== 'PUT' && req.method !== 'DELETE');
}

/** Another cluster that knows the container's sync key. */
function isContainerSync(req: SwiftRequest): boolean {
  const key = req.env.syncKey;
  if (key === undefined || key === '') return false;
  return req.headers.get('x-container-sync-key') === key && req.headers.has('x-timestamp');
}

function passesContainerAcl(req: SwiftRequest, { object }: Target, groups: readonly string[]): boolean {
  const acl = parseAcl(req.env.acl);
  if (isReferrerAllowed(req.headers.get('referer'), acl.referrers)) {
    if (hasName(object) || acl.groups.includes('.rlistings')) return true;
  }
  return groups.some((group) => acl.groups.includes(group));
}

async function passesAccountAcl(
  req: SwiftRequest,
  { container }: Target,
  groups: readonly string[],
  app: Handler,
): Promise<boolean> {
  if (groups.length === 0) return false;
  const info = await accountInfo(req, app, { source: 'TA' });
  switch (accountAccess(info, groups)) {
    case 'admin':
      req.env.swiftOwner = true;
      return true;
    case 'read-write':
      return hasName(container) || isReading(req);
    case 'read-only':
      return isReading(req);
    case undefined:
      return false;
  }
}
