/** Headers of requests to storage nodes. Source: spec swift-formats 6.1. */

import { quote } from '../common/text.ts';
import { type HeaderInit, Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import type { ProxyContext } from './proxy-context.ts';

export type ServerType = 'Account' | 'Container' | 'Object';

/** `PUT http://host/v1/a/c?format=json`: the request as the nodes' logs show it. */
export function refererOf(req: SwiftRequest): string {
  const path = quote(req.scriptName) + quote(req.path);
  return `${req.method} ${req.hostUrl}${path}${req.queryString === '' ? '' : `?${req.queryString}`}`;
}

/** True for `x-<type>-meta-…` and `x-<type>-sysmeta-…` with something behind the prefix. `name` in lower case. */
function isSysOrUserMeta(type: ServerType, name: string): boolean {
  const prefix = META_PREFIXES[type];
  return (
    (name.startsWith(prefix.meta) && name.length > prefix.meta.length) ||
    (name.startsWith(prefix.sysmeta) && name.length > prefix.sysmeta.length)
  );
}

const META_PREFIXES: Readonly<Record<ServerType, { meta: string; sysmeta: string; removeMeta: string }>> = {
  Account: prefixes('account'),
  Container: prefixes('container'),
  Object: prefixes('object'),
};

function prefixes(type: string): { meta: string; sysmeta: string; removeMeta: string } {
  return { meta: `x-${type}-meta-`, sysmeta: `x-${type}-sysmeta-`, removeMeta: `x-remove-${type}-meta-` };
}

/** What of a client's headers a type of server is sent on a write. */
export interface TransferRules {
  serverType: ServerType;
  /** Lower-case names passed on as they are. */
  passThrough: ReadonlySet<string>;
  /** Lower-case `x-remove-…` names, each of which empties the header without `remove-`. */
  remove: ReadonlySet<string>;
}

function transfer(from: Headers, to: Headers, rules: TransferRules): void {
  const { removeMeta } = META_PREFIXES[rules.serverType];
  for (const [name] of from) {
    if (name.startsWith(removeMeta) || rules.remove.has(name)) to.set(name.replace('-remove', ''), '');
  }
  for (const [name, value] of from) {
    if (rules.passThrough.has(name) || isSysOrUserMeta(rules.serverType, name)) to.set(name, value);
  }
}

export interface BackendHeaderOptions {
  /** Set over the client's `x-backend-*`; for reads, all headers of the client. */
  additional?: HeaderInit | undefined;
  /** For writes: which of the client's headers go along. */
  transfer?: TransferRules | undefined;
}

/**
 * The headers of one backend request: the client's `x-backend-*`, then `additional`, then what `transfer` lets pass, X-Timestamp
 * (now, when there is none), and the proxy's own. Not what the client says of its own connection: those to the nodes are kept.
 */
export function backendHeaders(context: ProxyContext, req: SwiftRequest, options: BackendHeaderOptions = {}): Headers {
  const headers = new Headers();
  req.headers.forEach((value, name) => {
    if (name.startsWith('x-backend-')) headers.set(name, value);
  });
  if (options.additional !== undefined) headers.update(options.additional);
  if (options.transfer !== undefined) transfer(req.headers, headers, options.transfer);
  if (!headers.has('x-timestamp')) headers.set('x-timestamp', context.now().internal);
  headers
    .set('x-trans-id', req.env.transId ?? '')
    .set('user-agent', context.userAgent)
    .set('referer', refererOf(req));
  headers.delete('connection');
  headers.delete('keep-alive');
  return headers;
}
