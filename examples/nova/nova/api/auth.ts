/** Which of a composite's pipelines is served, and who a request is from. */

import { type CompositeFactory, type SwiftRequest, textResponse } from 'apus/middleware';
import { loadPipeline, Middleware, type Result } from 'apus/web';

/** The pipeline that `auth_strategy` names; `api_rate_limit = false` takes its variant without limits, where there is one. */
export const pipeline_factory: CompositeFactory = (loader, globalConf, localConf) => {
  const strategy = globalConf['auth_strategy'] ?? 'keystone';
  const unlimited = globalConf['api_rate_limit'] === 'false' ? localConf[`${strategy}_nolimit`] : undefined;
  const list = unlimited ?? localConf[strategy];
  if (list === undefined) throw new Error(`there is no pipeline ${strategy}`);
  return loadPipeline(loader, list);
};

/** Takes from authtoken's headers who the user is. */
export class NovaKeystoneContext extends Middleware {
  override processRequest({ headers, env }: SwiftRequest): Result {
    const userId = headers.get('x-user-id') ?? headers.get('x-user') ?? '';
    if (userId === '') return textResponse(401, 'Neither X_USER_ID nor X_USER found in request\n');
    env.novaContext = { userId, projectId: headers.get('x-project-id') ?? '' };
    return undefined;
  }
}
