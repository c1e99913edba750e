import {
  type AppFactory,
  errorResponse,
  type Handler,
  type Host,
  type SwiftRequest,
  type SwiftResponse,
} from '../middleware-api.ts';
import type { Mapper } from './mapper.ts';
import { toResponse } from './result.ts';

/**
 * An app that a mapper's routes make up. A subclass fills the mapper in its constructor:
 *
 *     export class API extends Router {
 *       constructor() {
 *         super(new Mapper().resource('servers', { controller: new Servers() }));
 *       }
 *     }
 *
 * and `paste.app_factory = ./router.ts:API.factory` makes the app.
 */
export class Router {
  readonly mapper: Mapper;

  constructor(mapper: Mapper) {
    this.mapper = mapper;
  }

  /** A factory for configs; subclasses inherit it, and are made with the section's own settings and the host. */
  static factory(
    this: new (localConf: Readonly<Record<string, string>>, host: Host) => Router,
    ...[, localConf, host]: Parameters<AppFactory>
  ): Handler {
    const router = new this(localConf, host);
    return (req) => router.dispatch(req);
  }

  /** Asks the action that the request means; 404 where no route knows the path, 405 where none is for the method. */
  async dispatch(req: SwiftRequest): Promise<SwiftResponse> {
    const route = this.mapper.find(req.method, req.path);
    if ('action' in route) return toResponse(await route.action(req, route.params), req);
    return route.allowed.length === 0 ? errorResponse(404) : errorResponse(405, { allow: route.allowed.join(', ') });
  }
}
