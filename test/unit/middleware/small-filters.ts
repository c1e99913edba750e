/** What tests of filters that look at one request need. */

import {
  type Conf,
  type FilterFactory,
  type Handler,
  type Host,
  type Logger,
  SwiftRequest,
  SwiftResponse,
} from '../../../src/middleware-api.ts';
import { LineLog } from '../http/silent-log.ts';

export interface Exchange {
  res: SwiftResponse;
  /** The request as the app saw it; undefined when it was not reached. */
  seen: SwiftRequest | undefined;
  log: LineLog;
  registered: Record<string, unknown>;
}

export interface ExchangeOptions {
  conf?: Conf;
  method?: string;
  headers?: Record<string, string>;
  app?: Handler;
  now?: number;
}

/** Sends one request through a filter to an app that answers 200 `ok`, or to `app`. */
export async function exchange(
  factory: FilterFactory,
  target: string,
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const log = new LineLog();
  const registered: Record<string, unknown> = {};
  const host = {
    now: () => options.now ?? 1_795_000_000,
    log,
    info: { register: (section: string, values: unknown) => (registered[section] = values) },
  } as unknown as Host;
  const app =
    options.app ?? ((): Promise<SwiftResponse> => Promise.resolve(new SwiftResponse(200, {}, Buffer.from('ok'))));
  let seen: SwiftRequest | undefined;
  const filter = await factory({}, options.conf ?? {}, host);
  const handler = await filter((req) => {
    seen = req;
    return app(req);
  });
  const req = new SwiftRequest({
    method: options.method ?? 'GET',
    target,
    headers: options.headers ?? {},
    log: log as Logger,
  });
  return { res: await handler(req), seen, log, registered };
}

/** Headers in Swift's title case. */
export function titled(message: SwiftRequest | SwiftResponse | undefined): Record<string, string> {
  return Object.fromEntries(message?.headers.toTitled() ?? []);
}
