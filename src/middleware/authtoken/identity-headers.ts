/** The headers by which the filters behind know the user. Names in lower case. */

import type { Headers } from '../../middleware-api.ts';
import { serviceCatalogHeader } from './service-catalog.ts';
import type { Token } from './token.ts';

const CONFIRMED = 'Confirmed';
const INVALID = 'Invalid';
const USER_STATUS = 'x-identity-status';
const SERVICE_STATUS = 'x-service-identity-status';

/** Header behind `x-` or `x-service-`, and what it says. */
const SUBJECT: Readonly<Record<string, (token: Token) => string | undefined>> = {
  roles: ({ roles }) => roles.join(','),
  'user-id': ({ user }) => user.id,
  'user-name': ({ user }) => user.name,
  'user-domain-id': ({ user }) => user.domain.id,
  'user-domain-name': ({ user }) => user.domain.name,
  'project-id': ({ project }) => project.id,
  'project-name': ({ project }) => project.name,
  'project-domain-id': ({ project }) => project.domain.id,
  'project-domain-name': ({ project }) => project.domain.name,
  'domain-id': ({ domain }) => domain.id,
  'domain-name': ({ domain }) => domain.name,
};

/** Headers of the user alone; the latter five are names of old. */
const USER: Readonly<Record<string, (token: Token) => string | undefined>> = {
  'openstack-system-scope': ({ isSystemWide }) => (isSystemWide ? 'all' : undefined),
  'x-is-admin-project': ({ isAdminProject }) => (isAdminProject ? 'True' : 'False'),
  'x-role': ({ roles }) => roles.join(','),
  'x-user': ({ user }) => user.name,
  'x-tenant-id': ({ project }) => project.id,
  'x-tenant-name': ({ project }) => project.name,
  'x-tenant': ({ project }) => project.name,
};

const CATALOG = 'x-service-catalog';

const ALL: ReadonlySet<string> = new Set([
  USER_STATUS,
  SERVICE_STATUS,
  CATALOG,
  ...Object.keys(USER),
  ...Object.keys(SUBJECT).flatMap((name) => [`x-${name}`, `x-service-${name}`]),
]);

/** Takes away what a client says of itself. */
export function removeIdentity(headers: Headers): void {
  for (const name of headers.names()) if (ALL.has(name)) headers.delete(name);
}

/** `token` undefined: there is none, or it is no good. */
export function tellUser(headers: Headers, token: Token | undefined, withCatalog: boolean): void {
  headers.set(USER_STATUS, token === undefined ? INVALID : CONFIRMED);
  if (token === undefined) return;
  tell(headers, 'x-', SUBJECT, token);
  tell(headers, '', USER, token);
  if (withCatalog && token.catalog !== undefined) headers.setText(CATALOG, serviceCatalogHeader(token.catalog));
}

/** For a request that has a service token; undefined when it is no good. */
export function tellService(headers: Headers, token: Token | undefined): void {
  headers.set(SERVICE_STATUS, token === undefined ? INVALID : CONFIRMED);
  if (token !== undefined) tell(headers, 'x-service-', SUBJECT, token);
}

function tell(headers: Headers, prefix: string, fields: typeof SUBJECT, token: Token): void {
  for (const [name, valueOf] of Object.entries(fields)) {
    const value = valueOf(token);
    if (value !== undefined) headers.setText(prefix + name, value);
  }
}
