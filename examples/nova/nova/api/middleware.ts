import { type Handler, type Host, type SwiftRequest } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';

/** How many minutes are kept. */
const MINUTES = 60;

/** Counts requests by client and minute; `/monitor` tells the counts. */
export class MonitorMiddleware extends Middleware {
  readonly #host: Host;
  /** By minute since 1970, then by address. */
  readonly #counts = new Map<number, Map<string, number>>();

  constructor(app: Handler, _localConf: Readonly<Record<string, string>>, host: Host) {
    super(app);
    this.#host = host;
  }

  override processRequest(req: SwiftRequest): Result {
    if (req.path === '/monitor') return this.#told();
    const counts = this.#currentMinute();
    counts.set(req.remoteAddress, (counts.get(req.remoteAddress) ?? 0) + 1);
    req.log.info(`${req.remoteAddress} ${req.method} ${req.path}`);
    return undefined;
  }

  #currentMinute(): Map<string, number> {
    const minute = Math.floor(this.#host.now() / 60);
    let counts = this.#counts.get(minute);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(minute, counts);
      for (const old of this.#counts.keys()) if (old <= minute - MINUTES) this.#counts.delete(old);
    }
    return counts;
  }

  #told(): Result {
    const requests = [...this.#counts].flatMap(([minute, counts]) => {
      const time = new Date(minute * 60_000).toISOString();
      return [...counts].map(([address, count]) => ({ time, address, count }));
    });
    return { requests };
  }
}
