/**
 * What APIs of several resources are made of beside filters: a router with resources, a base class for middleware, and handlers that give
 * back whatever is at hand. Packages import it as `apus/web`.
 */

export {
  type Controller,
  type Action,
  Mapper,
  type ResourceOptions,
  type ConnectOptions,
  type Route,
} from './web/mapper.ts';
export { Middleware } from './web/middleware.ts';
export { loadPipeline } from './web/pipeline.ts';
export { type Result, toResponse } from './web/result.ts';
export { Router } from './web/router.ts';
