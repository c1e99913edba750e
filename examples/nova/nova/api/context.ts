/** Who a request is from, and how the answer should look. */

import type { SwiftRequest } from 'apus/middleware';

export interface Context {
  readonly userId: string;
  readonly projectId: string;
}

declare module 'apus/middleware' {
  interface RequestEnv {
    novaContext?: Context;
    /** `application/json` or `application/xml`: what the urlmap made of path and Accept. */
    bestContentType?: string;
  }
}

export function contextOf(req: SwiftRequest): Context {
  return req.env.novaContext ?? { userId: '', projectId: '' };
}
