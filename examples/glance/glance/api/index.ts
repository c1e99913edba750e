import { type CompositeFactory, urlMapFactory } from 'apus/middleware';

/** The versions at `/` and each version at its path; `enable_v1_api = false` leaves the first out. */
export const root_app_factory: CompositeFactory = (loader, globalConf, localConf, host) => {
  const { '/v1': v1, ...others } = localConf;
  const enabled = v1 === undefined || globalConf['enable_v1_api'] === 'false' ? others : localConf;
  return urlMapFactory(loader, globalConf, enabled, host);
};
