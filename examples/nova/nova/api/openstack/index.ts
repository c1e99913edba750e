import { HttpError, type SwiftRequest, SwiftResponse } from 'apus/middleware';
import { Middleware } from 'apus/web';

/** Names of faults in answers, by status. */
const FAULTS: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  413: 'overLimit',
  429: 'overLimit',
};

/** What is thrown becomes a fault in JSON; of a fault of the program no more is told than that there was one. */
export class FaultWrapper extends Middleware {
  override async handle(req: SwiftRequest): Promise<SwiftResponse> {
    try {
      return await this.app(req);
    } catch (error) {
      if (error instanceof HttpError) return faultOf(error.status, error.message.trim());
      req.log.error(`Caught error: ${req.method} ${req.path}`, error);
      return faultOf(500, 'The server has either erred or is incapable of performing the requested operation.');
    }
  }
}

export function faultOf(code: number, message: string): SwiftResponse {
  const body = Buffer.from(JSON.stringify({ [FAULTS[code] ?? 'computeFault']: { code, message } }));
  return new SwiftResponse(code, { 'content-type': 'application/json', 'content-length': body.length }, body);
}
