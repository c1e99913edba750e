/**
 * What travels with a request beside HTTP: written by one filter, read by others or by the app. Every key that Apus uses stands
 * here; a package adds its own by declaration merging on RequestEnv. Swift's name is given where it differs.
 */

import type { SwiftRequest } from './request.ts';
import type { SwiftResponse } from './response.ts';

/** A cache shared by all workers of a server, or by all servers of a cluster. A cache that fails behaves as one that is empty. */
export interface Cache {
  /** JSON value or number stored under the logical key, undefined when there is none. */
  get(key: string): Promise<unknown>;
  /** `ttlSeconds` 0 keeps the value as long as the cache likes. */
  set(key: string, value: unknown, ttlSeconds: number): Promise<void>;
  /**
   * Adds to a counter that begins at 0 and never falls below it; returns the new value. The time to live runs from the counter's
   * beginning. Throws CacheConnectionError when no server answers.
   */
  increment(key: string, delta: number, ttlSeconds: number): Promise<number>;
  delete(key: string): Promise<void>;
}

/** Answers null to let the request pass, or the refusal. */
export type Authorize = (req: SwiftRequest) => SwiftResponse | null | Promise<SwiftResponse | null>;

/** A user whose token Keystone confirmed. Texts are native; undefined is what the token does not tell. */
export interface KeystoneIdentity {
  readonly userId: string | undefined;
  readonly userName: string | undefined;
  readonly userDomainId: string | undefined;
  /** The project that the token is for. */
  readonly projectId: string | undefined;
  readonly projectName: string | undefined;
  readonly projectDomainId: string | undefined;
  /** In lower case. */
  readonly roles: readonly string[];
  /** Roles of X-Service-Token, in lower case. */
  readonly serviceRoles: readonly string[];
}

export interface RequestEnv {
  /** swift.trans_id */
  transId?: string | undefined;
  /** swift.authorize: called by the app once it knows the ACL. */
  authorize?: Authorize | undefined;
  /** swift.authorize_override: the request may pass whatever auth says. */
  authorizeOverride?: boolean | undefined;
  /** swift.clean_acl: returns the ACL in canonical form (native text). Throws with the reason when it is not valid. */
  cleanAcl?: ((headerName: string, value: string) => string) | undefined;
  /** swift_owner: the user may see and change what belongs to the account's owner. */
  swiftOwner?: boolean | undefined;
  /** reseller_request */
  resellerRequest?: boolean | undefined;
  /** REMOTE_USER: groups of the user, comma separated (native text). */
  remoteUser?: string | undefined;
  /** keystone.token_info: what Keystone told of the user's token, `{ token: { … } }`. */
  keystoneTokenInfo?: Readonly<Record<string, unknown>> | undefined;
  /** keystone.identity: the user as keystoneauth knows them. */
  keystoneIdentity?: KeystoneIdentity | undefined;
  /** acl as the app found it, for `authorize` (native text). */
  acl?: string | null | undefined;
  /** swift_sync_key: the container's X-Container-Sync-Key, set by the app before it asks for authorization. */
  syncKey?: string | undefined;
  /** swift.cache */
  cache?: Cache | undefined;
  /** swift.infocache: account and container info by cache key, for one client request. */
  infoCache?: Map<string, unknown> | undefined;
  /** swift.source: who made a sub-request, for the log. */
  source?: string | undefined;
  /** swift.log_info: appended to the access line. */
  logInfo?: string[] | undefined;
  /** swift.backend_path: the path after rewriting, for the log. */
  backendPath?: string | undefined;
  /** swift.callback.update_footers: metadata known only once the body was read. Called with an empty set of headers. */
  updateFooters?: ((footers: import('./headers.ts').Headers) => void) | undefined;
  /** swift.orig_req_method */
  originalMethod?: string | undefined;
  /** Path as the client sent it (native text), before filters rewrote it. */
  originalPath?: string | undefined;
  /** swift.proxy_access_log_made */
  accessLogMade?: boolean | undefined;
  /** swift.leave_relative_location */
  leaveRelativeLocation?: boolean | undefined;
  /** swift.content_type_overridden */
  contentTypeOverridden?: boolean | undefined;
  /** swift.format_listing: false when a filter that asked for JSON wants it unformatted. */
  formatListing?: boolean | undefined;
  /** swift.ratelimit.handled */
  ratelimitHandled?: boolean | undefined;
  /** swift.shard_listing_history: containers (`account/container`) on behalf of which this listing is made, outermost first. */
  shardListingHistory?: readonly string[] | undefined;
  /** Names of containers and objects may begin with U+0000. */
  allowReservedNames?: boolean | undefined;
  /**
   * swift.callback.slo_manifest_hook: sees the items of a manifest that is about to be stored, after they were checked, and answers
   * with what is wrong: pairs of a path and a reason. The manifest is stored only when there are none.
   */
  sloManifestHook?:
    | ((
        items: readonly Readonly<Record<string, unknown>>[],
      ) => (readonly [path: string, reason: string])[] | Promise<(readonly [path: string, reason: string])[]>)
    | undefined;
  /** swift.slo_override: the request is about a manifest's object as it is stored. */
  sloOverride?: boolean | undefined;
}
