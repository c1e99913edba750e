import type { Handler, Host, SwiftRequest } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';
import { contextOf } from '../../context.ts';
import { faultOf } from '../index.ts';

const DEFAULT_PER_MINUTE = 10;

/** So many changes (all but GET and HEAD) a minute and project: `post_per_minute`. */
export class RateLimitingMiddleware extends Middleware {
  readonly #host: Host;
  readonly #perMinute: number;
  #minute = 0;
  readonly #used = new Map<string, number>();

  constructor(app: Handler, localConf: Readonly<Record<string, string>>, host: Host) {
    super(app);
    this.#host = host;
    this.#perMinute = Number(localConf['post_per_minute'] ?? DEFAULT_PER_MINUTE);
  }

  override processRequest(req: SwiftRequest): Result {
    if (req.method === 'GET' || req.method === 'HEAD') return undefined;
    const minute = Math.floor(this.#host.now() / 60);
    if (minute !== this.#minute) this.#used.clear();
    this.#minute = minute;
    const { projectId } = contextOf(req);
    const used = (this.#used.get(projectId) ?? 0) + 1;
    this.#used.set(projectId, used);
    if (used <= this.#perMinute) return undefined;
    const res = faultOf(429, `Only ${this.#perMinute} changes a minute.`);
    res.headers.set('retry-after', 60 - (Math.floor(this.#host.now()) % 60));
    return res;
  }
}

/** What a project may do. */
export class Limits {
  index(): Result {
    return { limits: { rate: [{ verb: 'POST', unit: 'MINUTE', value: DEFAULT_PER_MINUTE }] } };
  }
}
