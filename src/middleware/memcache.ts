/** memcache - gives every request the shared cache. */

import { type Cache, type ConfSpec, type FilterFactory, MemoryCache, SHARED_CACHE } from '../middleware-api.ts';

export const confSpec = {} as const satisfies ConfSpec;

export const filterFactory: FilterFactory = (_globalConf, _localConf, host) => {
  const cache: Cache = host.service(SHARED_CACHE) ?? new MemoryCache();
  return (app) => (req) => {
    req.env.cache = cache;
    return app(req);
  };
};
