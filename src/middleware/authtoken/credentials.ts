/** How this server logs in to Keystone: the body of `POST /v3/auth/tokens`. */

import type { JsonObject } from './json.ts';

/** Options of the section, by their names in the config. */
export interface CredentialOptions {
  readonly auth_type: string;
  readonly username: string | undefined;
  readonly user_id: string | undefined;
  readonly password: string | undefined;
  readonly user_domain_id: string | undefined;
  readonly user_domain_name: string | undefined;
  readonly project_id: string | undefined;
  readonly project_name: string | undefined;
  readonly project_domain_id: string | undefined;
  readonly project_domain_name: string | undefined;
  readonly domain_id: string | undefined;
  readonly domain_name: string | undefined;
  readonly default_domain_id: string | undefined;
  readonly default_domain_name: string | undefined;
  readonly system_scope: string | undefined;
  readonly trust_id: string | undefined;
  readonly application_credential_id: string | undefined;
  readonly application_credential_name: string | undefined;
  readonly application_credential_secret: string | undefined;
}

export const AUTH_TYPES = ['password', 'v3password', 'v3applicationcredential'] as const;

/** Throws Error that names the options missing. */
export function loginBody(options: CredentialOptions): JsonObject {
  if (options.auth_type === 'v3applicationcredential') {
    return {
      auth: { identity: { methods: ['application_credential'], application_credential: application(options) } },
    };
  }
  const { password } = options;
  if (password === undefined) throw new Error('password is missing: authtoken logs in to Keystone with it');
  const identity = { methods: ['password'], password: { user: { ...userOf(options), password } } };
  const scope = scopeOf(options);
  return { auth: scope === undefined ? { identity } : { identity, scope } };
}

function application(options: CredentialOptions): JsonObject {
  const { application_credential_id: id, application_credential_name: name } = options;
  const { application_credential_secret: secret } = options;
  if (secret === undefined) throw new Error('application_credential_secret is missing');
  if (id !== undefined) return { id, secret };
  if (name === undefined) throw new Error('application_credential_id or application_credential_name is missing');
  return { name, secret, user: userOf(options) };
}

function userOf(options: CredentialOptions): JsonObject {
  const { user_id: id, username: name } = options;
  if (id !== undefined) return { id };
  if (name === undefined) throw new Error('username or user_id is missing: authtoken logs in to Keystone with it');
  const domain = either(
    options.user_domain_id ?? options.default_domain_id,
    options.user_domain_name ?? options.default_domain_name,
  );
  if (domain === undefined) throw new Error('user_domain_id or user_domain_name is missing, beside username');
  return { name, domain };
}

function scopeOf(options: CredentialOptions): JsonObject | undefined {
  const { system_scope: system, trust_id: trustId, project_id: projectId, project_name: projectName } = options;
  if (trustId !== undefined) return { 'OS-TRUST:trust': { id: trustId } };
  if (system === 'all') return { system: { all: true } };
  const domain = either(options.domain_id, options.domain_name);
  if (domain !== undefined) return { domain };
  if (projectId !== undefined) return { project: { id: projectId } };
  if (projectName === undefined) return undefined;
  const of = either(
    options.project_domain_id ?? options.default_domain_id,
    options.project_domain_name ?? options.default_domain_name,
  );
  if (of === undefined) throw new Error('project_domain_id or project_domain_name is missing, beside project_name');
  return { project: { name: projectName, domain: of } };
}

function either(id: string | undefined, name: string | undefined): JsonObject | undefined {
  if (id !== undefined) return { id };
  return name === undefined ? undefined : { name };
}
