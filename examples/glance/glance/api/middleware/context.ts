import { type Handler, isTrueValue, type SwiftRequest, textResponse } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';

/**
 * Who the user is, from authtoken's headers. In a pipeline without it everybody may do everything; with it those whom Keystone does not
 * know are refused, or may read with `allow_anonymous_access = true`.
 */
export class ContextMiddleware extends Middleware {
  readonly #allowAnonymous: boolean;

  constructor(app: Handler, localConf: Readonly<Record<string, string>>) {
    super(app);
    this.#allowAnonymous = isTrueValue(localConf['allow_anonymous_access'] ?? 'false');
  }

  override processRequest({ headers, env }: SwiftRequest): Result {
    const status = headers.get('x-identity-status');
    const known = status === undefined || status === 'Confirmed';
    if (!known && !this.#allowAnonymous) return textResponse(401, 'Authentication required.\n');
    env.glanceContext = {
      userId: headers.get('x-user-id') ?? '',
      projectId: headers.get('x-project-id') ?? '',
      isReadOnly: !known,
    };
    return undefined;
  }
}
