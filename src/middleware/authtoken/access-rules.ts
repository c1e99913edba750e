/** What limits a token beyond its roles: access rules of an application credential, and binding to a kind of login. */

import type { SwiftRequest } from '../../middleware-api.ts';
import { matchesPathPattern } from './path-pattern.ts';
import type { Token } from './token.ts';

/**
 * Whether the token's access rules let this request pass. `serviceType`: of this service in the catalog. A request of another service in
 * the user's name (`isFromService`) was checked where the user made it.
 */
export function passesAccessRules(
  req: SwiftRequest,
  token: Token,
  serviceType: string | undefined,
  isFromService: boolean,
): boolean {
  const { accessRules, catalog = [] } = token;
  if (accessRules === undefined) return true;
  if (serviceType === undefined || !catalog.some(({ type }) => type === serviceType)) return false;
  if (isFromService) return true;
  return accessRules.some(
    ({ service, method, path }) =>
      service === serviceType &&
      method === req.method &&
      typeof path === 'string' &&
      matchesPathPattern(path, req.path),
  );
}

/**
 * Whether the way that the token is bound to its user is one that `mode` accepts: `disabled`, `permissive`, `strict`, `required` or the
 * name of a way. Nobody logs in here by Kerberos, so a token bound to that is not its user's.
 */
export function passesBinding({ bind }: Token, mode: string): boolean {
  if (mode === 'disabled') return true;
  const isLoose = mode === 'permissive' || mode === 'strict';
  const ways = Object.keys(bind ?? {});
  if (ways.length === 0) return isLoose;
  if (ways.includes('kerberos')) return false;
  return mode === 'permissive';
}
