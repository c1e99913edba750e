/** Who may do what: called by the app once it knows the container's ACL. */

import {
  accountInfo,
  type Authorize,
  errorResponse,
  type Handler,
  isReferrerAllowed,
  parseAcl,
  quote,
  type SwiftRequest,
  type SwiftResponse,
} from '../../middleware-api.ts';
import { accountAccess } from './account-acl.ts';
import { type Reseller, resellerOf } from './resellers.ts';

interface Target {
  account: string;
  container: string | undefined;
  object: string | undefined;
}

/** 403 for somebody who is known, 401 for somebody who is not. */
export function deny(req: SwiftRequest): SwiftResponse {
  return req.env.remoteUser !== undefined && req.env.remoteUser !== '' ? errorResponse(403) : unauthorized(req);
}

/** 401 with the account's name as realm. */
export function unauthorized(req: SwiftRequest, realm: string = realmOf(req)): SwiftResponse {
  return errorResponse(401, { 'www-authenticate': `Swift realm="${realm}"` });
}

function realmOf(req: SwiftRequest): string {
  const [, version = '', account = ''] = req.path.split('/');
  return /^v[0-9.]+$/.test(version) && account !== '' ? quote(account) : 'unknown';
}

function isReading(req: SwiftRequest): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

/** False also for the blank name in `/v1/account//`, which asks for the account itself. */
function hasName(name: string | undefined): boolean {
  return name !== undefined && name !== '';
}

/** Accounts that begin with a dot belong to the cluster. */
function isInternal(account: string, reseller: Reseller): boolean {
  return account.charAt(reseller.prefix.length) === '.';
}

export function makeAuthorize(resellers: readonly Reseller[], app: Handler): Authorize {
  return async (req) => {
    const [, account = '', container, object] = req.splitPath(1, 4, true);
    const reseller = resellerOf(account, resellers);
    if (reseller === undefined) return deny(req);
    const target: Target = { account, container, object };
    const groups = (req.env.remoteUser ?? '').split(',').filter((group) => group !== '');
    if (isReseller(req, target, reseller, groups)) return null;
    if (ownsAccount(req, target, reseller, groups)) {
      req.env.swiftOwner = true;
      return null;
    }
    if (isContainerSync(req) || req.method === 'OPTIONS') return null;
    if (passesContainerAcl(req, target, groups)) return null;
    return (await passesAccountAcl(req, target, groups, app)) ? null : deny(req);
  };
}

function isReseller(req: SwiftRequest, { account }: Target, reseller: Reseller, groups: readonly string[]): boolean {
  if (account === reseller.prefix || isInternal(account, reseller)) return false;
  if (groups.includes('.reseller_admin')) {
    req.env.swiftOwner = true;
    return true;
  }
  return groups.includes('.reseller_reader') && isReading(req);
}

/** An account's own admins may do all but make or delete the account. */
function ownsAccount(
  req: SwiftRequest,
  { account, container }: Target,
  reseller: Reseller,
  groups: readonly string[],
): boolean {
  if (isInternal(account, reseller) || !groups.includes(account)) return false;
  if (reseller.requireGroup !== '' && !groups.includes(reseller.requireGroup)) return false;
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
