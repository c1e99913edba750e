/** Which of a composite's pipelines is served, and who a request is from. */

import { type CompositeFactory, type SwiftRequest, textResponse } from 'apus/middleware';
import { loadPipeline, Middleware, type Result } from 'apus/web';

/** The pipeline that `auth_strategy` names, keystone unless it is set. */
export const pipeline_factory: CompositeFactory = (loader, globalConf, localConf) => {
  const strategy = globalConf['auth_strategy'] ?? 'keystone';
  const list = localConf[strategy];
  if (list === undefined) throw new Error(`there is no pipeline ${strategy}`);
  return loadPipeline(loader, list);
};

/** Takes from authtoken's headers who the user is. */
export class NeutronKeystoneContext extends Middleware {
  override processRequest(req: SwiftRequest): Result {
    const { headers } = req;
    const userId = headers.get('x-user-id') ?? '';
    if (userId === '') return textResponse(401, 'X-User-Id not found in request\n');
    req.env.neutronContext = {
      requestId: req.env.requestId ?? '',
      userId,
      projectId: headers.get('x-project-id') ?? '',
      roles: (headers.get('x-roles') ?? '').split(',').map((role) => role.trim()),
    };
    return undefined;
  }
}
