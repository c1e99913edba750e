import { SwiftResponse, type SwiftRequest } from 'apus/middleware';
import { Middleware, type Result } from 'apus/web';

/** Believes what the client says: X-Auth-User and X-Auth-Key are answered with a token, which is `user:project`. */
export class NoAuthMiddleware extends Middleware {
  override processRequest(req: SwiftRequest): Result {
    const token = req.headers.get('x-auth-token');
    if (token === undefined) {
      const user = req.headers.get('x-auth-user') ?? 'admin';
      const project = req.headers.get('x-auth-project-id') ?? 'admin';
      const url = `${req.hostUrl}${req.scriptName}/${project}`;
      return new SwiftResponse(204, { 'x-auth-token': `${user}:${project}`, 'x-server-management-url': url });
    }
    const [userId = '', projectId = userId] = token.split(':');
    req.env.novaContext = { userId, projectId };
    return undefined;
  }
}
