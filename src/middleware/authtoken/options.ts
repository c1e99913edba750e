/** Options of the section. */

export const confSpec = {
  auth_url: {
    type: 'text',
    required: true,
    doc: 'Where this server logs in to Keystone, with a version in its path or without.',
  },
  auth_type: {
    type: 'text',
    emptyIsMissing: true,
    choices: ['password', 'v3password', 'v3applicationcredential'],
    doc: 'How it logs in.',
  },
  auth_plugin: {
    type: 'text',
    emptyIsMissing: true,
    choices: ['password', 'v3password', 'v3applicationcredential'],
    doc: 'Older name of auth_type.',
  },
  username: { type: 'text', emptyIsMissing: true, doc: 'User of this server.' },
  user_id: { type: 'text', emptyIsMissing: true, doc: 'Its id, in place of name and domain.' },
  user_domain_id: { type: 'text', emptyIsMissing: true, doc: "Domain of the user's name." },
  user_domain_name: { type: 'text', emptyIsMissing: true, doc: "Domain of the user's name." },
  password: { type: 'text', emptyIsMissing: true, doc: "The user's password." },
  project_name: { type: 'text', emptyIsMissing: true, doc: 'Project that it logs in to.' },
  project_id: { type: 'text', emptyIsMissing: true, doc: 'Its id, in place of name and domain.' },
  project_domain_id: { type: 'text', emptyIsMissing: true, doc: "Domain of the project's name." },
  project_domain_name: { type: 'text', emptyIsMissing: true, doc: "Domain of the project's name." },
  tenant_name: { type: 'text', emptyIsMissing: true, doc: 'Older name of project_name.' },
  tenant_id: { type: 'text', emptyIsMissing: true, doc: 'Older name of project_id.' },
  default_domain_id: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Domain of user and project where theirs are not given.',
  },
  default_domain_name: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Domain of user and project where theirs are not given.',
  },
  domain_id: { type: 'text', emptyIsMissing: true, doc: 'Log in to a domain, not to a project.' },
  domain_name: { type: 'text', emptyIsMissing: true, doc: 'Log in to a domain, not to a project.' },
  system_scope: { type: 'text', emptyIsMissing: true, doc: 'all: log in to the whole system.' },
  trust_id: { type: 'text', emptyIsMissing: true, doc: 'Log in by a trust.' },
  application_credential_id: { type: 'text', emptyIsMissing: true, doc: 'For auth_type v3applicationcredential.' },
  application_credential_name: {
    type: 'text',
    emptyIsMissing: true,
    doc: "In place of the id, beside the user's name or id.",
  },
  application_credential_secret: { type: 'text', emptyIsMissing: true, doc: 'For auth_type v3applicationcredential.' },
  www_authenticate_uri: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Where clients are sent that need a token; default: auth_url.',
  },
  auth_uri: { type: 'text', emptyIsMissing: true, doc: 'Older name of www_authenticate_uri.' },
  interface: {
    type: 'text',
    default: 'internal',
    doc: 'Which endpoint of the catalog tokens are asked of: internal, public or admin.',
  },
  region_name: { type: 'text', emptyIsMissing: true, doc: 'Region of that endpoint; default: any.' },
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
  cache: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'swift.cache: keep tokens in the cache filter; default: in memory, each worker its own.',
  },
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
  service_type: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'Type of this service in the catalog, for application credentials with access rules.',
  },
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
  cafile: {
    type: 'text',
    emptyIsMissing: true,
    doc: "PEM file of authorities by which Keystone's certificate is checked; default: those that Node knows.",
  },
  certfile: {
    type: 'text',
    emptyIsMissing: true,
    doc: 'PEM file of a certificate for Keystone to know this server by.',
  },
  keyfile: { type: 'text', emptyIsMissing: true, doc: 'PEM file of its key.' },
  insecure: { type: 'boolean', default: false, doc: "Do not check Keystone's certificate." },
  auth_version: { type: 'text', doc: 'Without effect: version 3 is the only one.' },
  memcached_servers: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_security_strategy: {
    type: 'text',
    default: 'None',
    parse: (given: string): string => noStrategy(given),
    doc: 'None is the only one: tokens are kept as they are.',
  },
  memcache_secret_key: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_use_advanced_pool: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_pool_dead_retry: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_pool_maxsize: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_pool_socket_timeout: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_pool_unused_timeout: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
  memcache_pool_conn_get_timeout: {
    type: 'text',
    doc: 'Without effect: tokens are kept in the cache filter (cache = swift.cache) or in memory.',
  },
} as const;

/** Who asks for encryption is not to get plain text unnoticed. */
function noStrategy(given: string): string {
  if (given.toLowerCase() !== 'none') throw new Error('expected None: tokens are not encrypted in the cache');
  return given;
}
