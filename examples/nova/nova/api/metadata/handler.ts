import type { Handler } from 'apus/middleware';
import { toResponse } from 'apus/web';

const VERSIONS = ['2009-04-04', 'latest'];

/** What a server may ask about itself. */
export class MetadataRequestHandler {
  static factory(): Handler {
    return async (req) => {
      if (req.path === '/') return toResponse(`${VERSIONS.join('\n')}\n`, req);
      return toResponse({ local_ipv4: req.remoteAddress, path: req.path }, req);
    };
  }
}
