/** Two filters that OpenStack's services share. */

import { randomUUID } from 'node:crypto';
import { HttpError, type SwiftRequest, type SwiftResponse, textResponse } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';

/** Gives each request a name, which the client is told. */
export class RequestId extends Middleware {
  override processRequest(req: SwiftRequest): Result {
    req.env.requestId = `req-${randomUUID()}`;
    return undefined;
  }

  override processResponse(res: SwiftResponse, req: SwiftRequest): SwiftResponse {
    res.headers.set('x-openstack-request-id', req.env.requestId ?? '');
    return res;
  }
}

/** A fault of the program is logged, and the client told no more than that there was one. */
export class CatchErrors extends Middleware {
  override async handle(req: SwiftRequest): Promise<SwiftResponse> {
    try {
      return await this.app(req);
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      req.log.error(`An error occurred during processing the request: ${req.method} ${req.path}`, error);
      return textResponse(500, 'The server has either erred or is incapable of performing the requested operation.\n');
    }
  }
}
