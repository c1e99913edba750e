/**
 * The domain of an account's project, remembered as the account's system metadata: names in ACLs are good only where the project is
 * known to be in the default domain, for elsewhere they are not unique.
 */

import { accountInfo, type Handler, type KeystoneIdentity, type SwiftRequest } from '../../middleware-api.ts';
import type { Rules } from './rules.ts';
import { hasName, isAccountOf, type Target } from './target.ts';

export const DOMAIN_SYSMETA = 'x-account-sysmeta-project-domain-id';
/** What clients see of it. */
export const DOMAIN_HEADER = 'x-account-project-domain-id';

/** Stored for an account made by somebody whose token does not tell the domain. */
const UNKNOWN = '_unknown';

interface Stored {
  readonly exists: boolean;
  /** undefined: none was ever stored, the account is from before there were domains. */
  readonly domainId: string | undefined;
}

async function storedDomain(req: SwiftRequest, app: Handler): Promise<Stored> {
  const info = await accountInfo(req, app, { source: 'KS' });
  const isSuccess = info.status >= 200 && info.status < 300;
  return { exists: isSuccess && info.account_really_exists, domainId: info.sysmeta['project-domain-id'] };
}

/** Stores the domain with a request that makes or changes an account, or that may make it by making a container. */
export async function rememberDomain(
  req: SwiftRequest,
  target: Target,
  identity: KeystoneIdentity,
  rules: Rules,
  app: Handler,
): Promise<void> {
  if (req.method !== 'PUT' && req.method !== 'POST') return;
  if (hasName(target.object) || (hasName(target.container) && req.method !== 'PUT')) return;
  if (req.headers.has(DOMAIN_SYSMETA)) return;
  const stored = await storedDomain(req, app);
  const isOwn = isAccountOf(target.account, identity.projectId, rules.prefixes);
  const value = domainToStore(stored, isOwn, isOwn ? identity.projectDomainId : undefined, rules.defaultDomainId);
  if (value !== undefined) req.headers.setText(DOMAIN_SYSMETA, value);
  else if (isOwn && stored.exists && stored.domainId !== identity.projectDomainId) {
    const { projectDomainId } = identity;
    req.log.warn(
      `Inconsistent project domain id: ${projectDomainId} in token vs ${stored.domainId} in account metadata.`,
    );
  }
}

/** `domainId`: of the token's project when the account is its own. undefined: leave what is stored. */
function domainToStore(
  stored: Stored,
  isOwn: boolean,
  domainId: string | undefined,
  defaultDomainId: string,
): string | undefined {
  if (!stored.exists) return isOwn ? domainId : UNKNOWN;
  if (stored.domainId === undefined) return domainId === defaultDomainId ? domainId : undefined;
  return stored.domainId === UNKNOWN && isOwn ? (domainId ?? '') : undefined;
}

/** Whether an ACL may call project and user by name: only when all of them are in the default domain, or in none. */
export async function areNamesGood(
  req: SwiftRequest,
  target: Target,
  identity: KeystoneIdentity,
  rules: Rules,
  app: Handler,
): Promise<boolean> {
  const isDefault = (domainId: string | undefined): boolean => !domainId || domainId === rules.defaultDomainId;
  if (!rules.allowNamesInAcls || !isDefault(identity.userDomainId) || !isDefault(identity.projectDomainId))
    return false;
  if (isAccountOf(target.account, identity.projectId, rules.prefixes)) return true;
  const { exists, domainId } = await storedDomain(req, app);
  return exists && (domainId === undefined || domainId === rules.defaultDomainId);
}
