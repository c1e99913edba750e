/** `egg:PasteDeploy#config`: lets the app see the filter's settings with each request. Source: spec paste-deploy 8.5. */

import type { Conf, FilterAppFactory } from '../http/contract.ts';

declare module '../http/env.ts' {
  interface RequestEnv {
    /** paste.config: settings of an `egg:PasteDeploy#config` filter, local over global. */
    pasteConfig?: Conf | undefined;
  }
}

export const configFilterFactory: FilterAppFactory = (app, globalConf, localConf) => {
  const conf: Conf = Object.freeze({ ...globalConf, ...localConf });
  return async (req) => {
    req.env.pasteConfig = conf;
    return app(req);
  };
};
