/** Who a request is from, as the filters in front found out. */

import type { SwiftRequest } from 'apus/middleware';

export interface Context {
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly roles: readonly string[];
}

declare module 'apus/middleware' {
  interface RequestEnv {
    requestId?: string;
    neutronContext?: Context;
  }
}

/** Without a filter that knows users, as in the noauth pipeline, everybody is the administrator. */
const ADMINISTRATOR: Context = { requestId: '', userId: '', projectId: '', roles: ['admin'] };

export function contextOf(req: SwiftRequest): Context {
  return req.env.neutronContext ?? { ...ADMINISTRATOR, requestId: req.env.requestId ?? '' };
}
