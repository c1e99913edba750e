/** What Keystone tells of a token: the body of `GET /v3/auth/tokens`. */

import { arrayOf, type JsonObject, objectOf, textOf } from './json.ts';

export interface Named {
  readonly id: string | undefined;
  readonly name: string | undefined;
}

export interface NamedInDomain extends Named {
  readonly domain: Named;
}

export interface Token {
  /** Seconds since 1970. */
  readonly expires: number;
  readonly roles: readonly string[];
  readonly user: NamedInDomain;
  /** Of a token for a project; empty for others. */
  readonly project: NamedInDomain;
  /** Of a token for a domain; empty for others. */
  readonly domain: Named;
  readonly isSystemWide: boolean;
  readonly isAdminProject: boolean;
  /** How the token is bound to its user, by kind; undefined for one that is not. */
  readonly bind: JsonObject | undefined;
  /** undefined: Keystone was not asked for it, or the token has none. */
  readonly catalog: readonly JsonObject[] | undefined;
  /** Of an application credential that may do only so much; undefined: no limits. */
  readonly accessRules: readonly JsonObject[] | undefined;
}

/** undefined for a body that tells of no token. */
export function readToken(body: unknown): Token | undefined {
  const token = objectOf(objectOf(body)['token']);
  const expires = Date.parse(textOf(token['expires_at']) ?? '') / 1000;
  if (Number.isNaN(expires)) return undefined;
  const { catalog, bind } = token;
  const rules = objectOf(token['application_credential'])['access_rules'];
  return {
    expires,
    roles: arrayOf(token['roles']).flatMap((role) => textOf(objectOf(role)['name']) ?? []),
    user: namedInDomain(token['user']),
    project: namedInDomain(token['project']),
    domain: named(token['domain']),
    isSystemWide: objectOf(token['system'])['all'] === true,
    isAdminProject: token['is_admin_project'] !== false,
    bind: bind === undefined || bind === null ? undefined : objectOf(bind),
    catalog: Array.isArray(catalog) ? catalog.map(objectOf) : undefined,
    accessRules: rules === undefined || rules === null ? undefined : arrayOf(rules).map(objectOf),
  };
}

function named(value: unknown): Named {
  const { id, name } = objectOf(value);
  return { id: textOf(id), name: textOf(name) };
}

function namedInDomain(value: unknown): NamedInDomain {
  return { ...named(value), domain: named(objectOf(value)['domain']) };
}
