import type { Filter, FilterFactory, Handler, Host, SwiftRequest, SwiftResponse } from '../middleware-api.ts';
import { type Result, toResponse } from './result.ts';

/**
 * A filter as a class, for those who like it better than a function: override processRequest, processResponse, or both, and name
 * `./file.ts:Class.factory` in the config.
 */
export class Middleware {
  readonly app: Handler;

  constructor(app: Handler) {
    this.app = app;
  }

  /** A factory for configs; subclasses inherit it, and are made with the app, the section's own settings and the host. */
  static factory(
    this: new (app: Handler, localConf: Readonly<Record<string, string>>, host: Host) => Middleware,
    ...[, localConf, host]: Parameters<FilterFactory>
  ): Filter {
    return (app) => {
      const middleware = new this(app, localConf, host);
      return (req) => middleware.handle(req);
    };
  }

  /** Undefined lets the request pass; anything else is the answer, and the app is not asked. */
  processRequest(_req: SwiftRequest): Result | Promise<Result> {
    return undefined;
  }

  /** What becomes of the app's answer. */
  processResponse(res: SwiftResponse, _req: SwiftRequest): SwiftResponse | Promise<SwiftResponse> {
    return res;
  }

  async handle(req: SwiftRequest): Promise<SwiftResponse> {
    const result = await this.processRequest(req);
    if (result !== undefined) return toResponse(result, req);
    return this.processResponse(await this.app(req), req);
  }
}
