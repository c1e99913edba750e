import type { SwiftRequest } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';
import { versionsApp } from '../versions.ts';

const ACCEPT = /^application\/vnd\.openstack\.images-v(\d+)(?:\.\d+)?$/;
const KNOWN = new Set(['1', '2']);

/** The version of the API, from Accept or from the path; who names none that there is gets the versions. */
export class VersionNegotiationFilter extends Middleware {
  override processRequest(req: SwiftRequest): Result {
    const accepted = ACCEPT.exec(req.headers.get('accept') ?? '')?.[1];
    if (accepted !== undefined) {
      if (!KNOWN.has(accepted)) return versionsApp;
      req.rawPath = `/v${accepted}${req.rawPath}`;
      return undefined;
    }
    const [, first = ''] = req.path.split('/');
    if (first === 'versions') return versionsApp;
    const named = /^v(\d+)(?:\.\d+)?$/.exec(first)?.[1];
    if (named === undefined || !KNOWN.has(named)) return versionsApp;
    req.rawPath = `/v${named}${req.rawPath.slice(first.length + 1)}`;
    return undefined;
  }
}
