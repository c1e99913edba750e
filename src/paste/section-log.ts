/** Filters whose section has `log_*` options of its own (`set log_level = DEBUG`) write to a log of their own. */

import type { Host, Logger } from '../common/host.ts';
import { placesOf } from '../common/conf-origin.ts';
import type { Conf, Filter, Handler } from '../http/contract.ts';
import type { SwiftRequest } from '../http/request.ts';
import type { Context } from './context.ts';
import { confOfSettings } from './settings.ts';

const LOG_OPTION = /^log_(name|facility|level|address|udp_host|udp_port|max_line_length)$/;

/** The host as the section's factory gets it: with the log that its options ask for, where it has any in force. */
export function hostOfSection(context: Context, host: Host): Host {
  const options = ownLogOptions(context);
  if (options === undefined) return host;
  const { swiftDir, policies, constraints, hashPath, info } = host;
  return {
    log: host.log.withOptions(options),
    ...{ swiftDir, policies, constraints, hashPath, info },
    now: () => host.now(),
    ring: (type, policyIndex) => host.ring(type, policyIndex),
    service: (key) => host.service(key),
    onClose: (close) => {
      host.onClose(close);
    },
  };
}

/** Options in force that stand in the section itself; undefined when there are none. */
function ownLogOptions(context: Context): Conf | undefined {
  const conf = confOfSettings(context.globals, context.locals);
  const places = placesOf(conf);
  const own = Object.keys(conf).filter(
    (key) => LOG_OPTION.test(key) && places?.get(key)?.section === context.place.section,
  );
  return own.length === 0 ? undefined : Object.fromEntries(own.map((key) => [key, conf[key] as string]));
}

/** The filter with `own` as the log of its requests; what stands behind it has the log that came in. */
export function loggingTo(filter: Filter, own: Logger, common: Logger): Filter {
  /** The logs that requests came with, by those that they were given here. */
  const before = new WeakMap<Logger, Logger>();
  const marked = (log: Logger, { env }: SwiftRequest): Logger =>
    env.transId === undefined ? log : log.withTransaction(env.transId);
  return async (app) => {
    const behind: Handler = async (req) => {
      const inside = req.log;
      // A filter that gave the request a log of its own making gave it for those behind, too.
      req.log = before.get(inside) ?? marked(common, req);
      try {
        return await app(req);
      } finally {
        req.log = inside;
      }
    };
    // Handlers may show something of themselves, as a urlmap does, to those around them.
    const handler = await filter(Object.assign(behind, app));
    const logging: Handler = async (req) => {
      const outside = req.log;
      const inside = marked(own, req);
      before.set(inside, outside);
      req.log = inside;
      try {
        return await handler(req);
      } finally {
        req.log = outside;
      }
    };
    return Object.assign(logging, handler);
  };
}
