import { type Handler, isTrueValue, type SwiftRequest, type SwiftResponse } from 'apus/middleware';
import { Middleware } from 'apus/web';

/** Logs how long requests take whose X-Trace-HMAC is one of `hmac_keys`. */
export class WsgiMiddleware extends Middleware {
  readonly #keys: readonly string[];

  constructor(app: Handler, localConf: Readonly<Record<string, string>>) {
    super(app);
    const keys = (localConf['hmac_keys'] ?? '').split(',').map((key) => key.trim());
    this.#keys = isTrueValue(localConf['enabled'] ?? 'no') ? keys : [];
  }

  override async handle(req: SwiftRequest): Promise<SwiftResponse> {
    const key = req.headers.get('x-trace-hmac');
    if (key === undefined || !this.#keys.includes(key)) return this.app(req);
    const startMs = performance.now();
    const res = await this.app(req);
    res.headers.set('x-trace-ms', (performance.now() - startMs).toFixed(1));
    return res;
  }
}
