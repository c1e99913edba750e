/** What the parts of the filter share. */

import { type Handler, headersForSub, type Host, type SwiftRequest, type TypedConf } from '../../middleware-api.ts';
import type { confSpec } from './options.ts';

export interface SloContext {
  readonly conf: TypedConf<typeof confSpec>;
  readonly host: Host;
  /** The rest of the pipeline: to it a manifest is an object like any other. */
  readonly app: Handler;
  /** The filter before it: to it a manifest is what it stands for. */
  readonly whole: Handler;
}

/** Tag of sub-requests in the access log. */
export const SOURCE = 'SLO';

/** Names of what a manifest's object has beside the manifest. */
export const SLO_MARK = 'X-Static-Large-Object';
export const SLO_ETAG = 'X-Object-Sysmeta-Slo-Etag';
export const SLO_SIZE = 'X-Object-Sysmeta-Slo-Size';

/** A request in the user's name. `path` is native text; `purpose` stands in the user agent: `MultipartGET`. */
export function userRequest(req: SwiftRequest, method: string, path: string, purpose: string): SwiftRequest {
  return req.sub(method, path, { source: SOURCE, headers: headersForSub(req, `${SOURCE} ${purpose}`) });
}
