/** Who the user is, as a filter further out (authtoken) has told in the request's headers. */

import type { KeystoneIdentity, SwiftRequest } from '../../middleware-api.ts';

/** undefined for a request whose user, or whose service, was not confirmed. */
export function identityOf(req: SwiftRequest): KeystoneIdentity | undefined {
  const { headers, env } = req;
  if (headers.get('x-identity-status') !== 'Confirmed') return undefined;
  const service = headers.get('x-service-identity-status');
  if (service !== undefined && service !== 'Confirmed') return undefined;
  // Domains are known only of a token of Keystone's version 3, whatever headers say.
  const hasDomains = env.keystoneTokenInfo?.['token'] !== undefined && env.keystoneTokenInfo['access'] === undefined;
  const domain = (header: string): string | undefined => (hasDomains ? headers.getText(header) : undefined);
  return {
    userId: headers.getText('x-user-id'),
    userName: headers.getText('x-user-name'),
    userDomainId: domain('x-user-domain-id'),
    projectId: headers.getText('x-project-id') ?? headers.getText('x-tenant-id'),
    projectName: headers.getText('x-project-name') ?? headers.getText('x-tenant-name'),
    projectDomainId: domain('x-project-domain-id'),
    roles: rolesOf(headers.getText('x-roles')),
    serviceRoles: rolesOf(headers.getText('x-service-roles')),
  };
}

/** In lower case. */
function rolesOf(list: string | undefined): readonly string[] {
  if (list === undefined || list === '') return [];
  return list
    .toLowerCase()
    .split(',')
    .map((role) => role.trim())
    .filter((role) => role !== '');
}
