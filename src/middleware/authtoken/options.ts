/** Options of the section. */

import { AUTH_TYPES } from './credentials.ts';

const text = (doc: string): { readonly type: 'text'; readonly emptyIsMissing: true; readonly doc: string } => ({
  type: 'text',
  emptyIsMissing: true,
  doc,
});

const authType = { type: 'text', emptyIsMissing: true, choices: AUTH_TYPES } as const;

const without = (name: string): { readonly type: 'text'; readonly doc: string } => ({
  type: 'text',
  doc: `Without effect: ${name}`,
});

const MEMCACHE = 'tokens are kept in the cache filter (cache = swift.cache) or in memory.';

export const confSpec = {
  auth_url: {
    type: 'text',
    required: true,
    doc: 'Where this server logs in to Keystone, with a version in its path or without.',
  },
  auth_type: { ...authType, doc: 'How it logs in.' },
  auth_plugin: { ...authType, doc: 'Older name of auth_type.' },
  username: text('User of this server.'),
  user_id: text('Its id, in place of name and domain.'),
  user_domain_id: text("Domain of the user's name."),
  user_domain_name: text("Domain of the user's name."),
  password: text("The user's password."),
  project_name: text('Project that it logs in to.'),
  project_id: text('Its id, in place of name and domain.'),
  project_domain_id: text("Domain of the project's name."),
  project_domain_name: text("Domain of the project's name."),
  tenant_name: text('Older name of project_name.'),
  tenant_id: text('Older name of project_id.'),
  default_domain_id: text('Domain of user and project where theirs are not given.'),
  default_domain_name: text('Domain of user and project where theirs are not given.'),
  domain_id: text('Log in to a domain, not to a project.'),
  domain_name: text('Log in to a domain, not to a project.'),
  system_scope: text('all: log in to the whole system.'),
  trust_id: text('Log in by a trust.'),
  application_credential_id: text('For auth_type v3applicationcredential.'),
  application_credential_name: text("In place of the id, beside the user's name or id."),
  application_credential_secret: text('For auth_type v3applicationcredential.'),
  www_authenticate_uri: text('Where clients are sent that need a token; default: auth_url.'),
  auth_uri: text('Older name of www_authenticate_uri.'),
  interface: {
    type: 'text',
    default: 'internal',
    doc: 'Which endpoint of the catalog tokens are asked of: internal, public or admin.',
  },
  region_name: text('Region of that endpoint; default: any.'),
  delay_auth_decision: {
    type: 'boolean',
    default: false,
    doc: 'Let requests without a good token pass, for filters behind to judge; public containers, tempurl and formpost need it.',
  },
  include_service_catalog: {
    type: 'boolean',
    default: true,
    doc: 'Ask for the catalog with each token and tell it by X-Service-Catalog.',
  },
  cache: text('swift.cache: keep tokens in the cache filter; default: in memory, each worker its own.'),
  token_cache_time: {
    type: 'integer',
    default: 300,
    doc: 'Seconds for which a token counts as known, also one that was revoked; -1: ask each time.',
  },
  service_token_roles: {
    type: 'list',
    default: ['service'],
    doc: 'Roles by which a service token lets an expired user token pass.',
  },
  service_token_roles_required: {
    type: 'boolean',
    default: false,
    doc: 'A service token without such a role is no good at all.',
  },
  service_type: text('Type of this service in the catalog, for application credentials with access rules.'),
  enforce_token_bind: {
    type: 'text',
    default: 'permissive',
    doc: 'Whether a token may or must be bound: disabled, permissive, strict, required or a kind.',
  },
  http_connect_timeout: {
    type: 'seconds',
    doc: 'How long Keystone may take to accept a connection, and to answer.',
  },
  http_request_max_retries: {
    type: 'integer',
    default: 3,
    min: 0,
    doc: 'How often a question to Keystone is asked again when there is no answer.',
  },
  cafile: text("PEM file of authorities by which Keystone's certificate is checked; default: those that Node knows."),
  certfile: text('PEM file of a certificate for Keystone to know this server by.'),
  keyfile: text('PEM file of its key.'),
  insecure: { type: 'boolean', default: false, doc: "Do not check Keystone's certificate." },
  auth_version: without('version 3 is the only one.'),
  memcached_servers: without(MEMCACHE),
  memcache_security_strategy: {
    type: 'text',
    default: 'None',
    parse: noStrategy,
    doc: 'None is the only one: tokens are kept as they are.',
  },
  memcache_secret_key: without(MEMCACHE),
  memcache_use_advanced_pool: without(MEMCACHE),
  memcache_pool_dead_retry: without(MEMCACHE),
  memcache_pool_maxsize: without(MEMCACHE),
  memcache_pool_socket_timeout: without(MEMCACHE),
  memcache_pool_unused_timeout: without(MEMCACHE),
  memcache_pool_conn_get_timeout: without(MEMCACHE),
} as const;

/** Who asks for encryption is not to get plain text unnoticed. */
function noStrategy(given: string): string {
  if (given.toLowerCase() !== 'none') throw new Error('expected None: tokens are not encrypted in the cache');
  return given;
}
