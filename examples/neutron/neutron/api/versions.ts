import type { Handler } from 'apus/middleware';
import { toResponse } from 'apus/web';

/** Which versions of the API there are. */
export class Versions {
  static factory(): Handler {
    return async (req) =>
      toResponse(
        {
          versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${req.hostUrl}/v2.0/` }] }],
        },
        req,
      );
  }
}
