/** An app with two filters around it, and a composite that chooses which of them stand there. */

import { type CompositeFactory, type Handler, textResponse } from 'apus/middleware';
import { loadPipeline, Middleware, type Result } from 'apus/web';
import type { SwiftRequest, SwiftResponse } from 'apus/middleware';

/** `/4` is even, `/5` is odd, anything else is no number, which it throws. */
export class CheckNumber {
  static factory(): Handler {
    return async (req) => {
      const text = req.path.slice(1);
      if (!/^-?\d+$/.test(text)) throw new Error(`${text} is no number`);
      return textResponse(200, BigInt(text) % 2n === 0n ? 'even\n' : 'odd\n');
    };
  }
}

/** Who brings no X-Auth-Token is refused. */
export class AuthToken extends Middleware {
  override processRequest(req: SwiftRequest): Result {
    return req.headers.has('x-auth-token') ? undefined : textResponse(403, 'You are not authorized\n');
  }
}

/** What the app throws becomes an answer. */
export class CheckError extends Middleware {
  override async handle(req: SwiftRequest): Promise<SwiftResponse> {
    try {
      return await this.app(req);
    } catch (error) {
      return textResponse(503, `Service unavailable: ${(error as Error).message}\n`);
    }
  }
}

/** `security = high` chooses the list of names `auth`, `security = False` the list `noauth`. */
export const pipeline_factory: CompositeFactory = (loader, globalConf, localConf) =>
  loadPipeline(loader, localConf[globalConf['security'] === 'False' ? 'noauth' : 'auth'] ?? '');
