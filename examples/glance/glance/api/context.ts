import { HttpError, type SwiftRequest } from 'apus/middleware';

/** Who a request is from. */
export interface Context {
  readonly userId: string;
  /** Empty for who has no project. */
  readonly projectId: string;
  readonly isReadOnly: boolean;
}

declare module 'apus/middleware' {
  interface RequestEnv {
    glanceContext?: Context;
  }
}

/** Throws HttpError 403 when the user may only read. */
export function writerOf(req: SwiftRequest): Context {
  const context = contextOf(req);
  if (context.isReadOnly) throw new HttpError(403, 'Anonymous users may only read.\n');
  return context;
}

export function contextOf({ env }: SwiftRequest): Context {
  if (env.glanceContext === undefined) throw new Error('the context filter is not in the pipeline');
  return env.glanceContext;
}
