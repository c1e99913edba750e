/**
 * backend_ratelimit - for account, container and object servers: keeps the requests to each device, and those of each method to each
 * device, below a rate, and answers 529 to what is too much, so that proxies turn to other nodes.
 */

import { type FilterFactory, type Order, readConf, type SwiftRequest, errorResponse } from '../middleware-api.ts';
import { readSettings, type RateSettings, SettingsFile } from './backend-ratelimit/settings.ts';
import { RateGate } from './backend-ratelimit/rate-gate.ts';

export const confSpec = {
  requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'Requests to one device a second; 0: no limit.',
  },
  get_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'GET requests to one device a second; 0: no limit.',
  },
  head_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'HEAD requests to one device a second; 0: no limit.',
  },
  put_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'PUT requests to one device a second; 0: no limit.',
  },
  post_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'POST requests to one device a second; 0: no limit.',
  },
  delete_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'DELETE requests to one device a second; 0: no limit.',
  },
  update_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'UPDATE requests to one device a second; 0: no limit.',
  },
  replicate_requests_per_device_per_second: {
    type: 'number',
    default: 0,
    min: 0,
    doc: 'REPLICATE requests to one device a second; 0: no limit.',
  },
  requests_per_device_rate_buffer: {
    type: 'number',
    default: 1,
    min: 0,
    doc: 'For how many seconds a device that was asked less may be asked faster than its rate.',
  },
  backend_ratelimit_conf_path: {
    type: 'text',
    doc: 'File whose section [backend_ratelimit] overrides the rates here. Default: backend-ratelimit.conf in swift_dir.',
  },
  config_reload_interval: {
    type: 'seconds',
    default: 60,
    doc: 'How often that file is looked at again; 0: only at start.',
  },
} as const;

export const order: Order = {
  after: ['healthcheck', 'recon'],
  why: 'what asks how a server is should be answered by one that is busy',
};

/** `/device/partition…` of a request to a storage server; undefined for any other. */
function deviceOf(req: SwiftRequest): string | undefined {
  return /^\/([^/]+)\/\s*[+-]?\d+\s*(\/|$)/.exec(req.path)?.[1];
}

class DeviceGates {
  readonly #gates = new Map<string, RateGate>();

  /** True when both the device and the method on it are asked no faster than they may. */
  allows(settings: RateSettings, device: string, method: string, nowSec: number): boolean {
    return (
      this.#allows(device, settings.requestsPerSecond, settings, nowSec) &&
      this.#allows(`${method} ${device}`, settings.methodRequestsPerSecond.get(method) ?? 0, settings, nowSec)
    );
  }

  #allows(key: string, requestsPerSecond: number, { bufferSec }: RateSettings, nowSec: number): boolean {
    if (requestsPerSecond <= 0) return true;
    let gate = this.#gates.get(key);
    if (gate === undefined) this.#gates.set(key, (gate = new RateGate()));
    return gate.allows(requestsPerSecond, bufferSec, nowSec);
  }
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const file = new SettingsFile({
    path: conf.backend_ratelimit_conf_path,
    swiftDir: host.swiftDir,
    reloadSec: conf.config_reload_interval,
    own: { ...globalConf, ...localConf },
    settings: readSettings(conf),
    log: host.log,
    nowSec: host.now(),
  });
  const gates = new DeviceGates();
  return (app) => (req) => {
    const settings = file.settingsAt(host.now());
    if (!settings.limitsAny || !settings.methodRequestsPerSecond.has(req.method)) return app(req);
    const device = deviceOf(req);
    if (device === undefined || gates.allows(settings, device, req.method, host.now())) return app(req);
    return Promise.resolve(errorResponse(529));
  };
};
