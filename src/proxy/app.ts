/** The proxy app: checks a request, finds the controller for its path, asks for authorization and runs the operation. */

import { backendTransportOf } from '../backend/host-transport.ts';
import { mergeConfs } from '../common/conf-origin.ts';
import type { Host } from '../common/host.ts';
import { isTrueValue } from '../common/text.ts';
import type { AppFactory, Conf, Handler } from '../http/contract.ts';
import type { SwiftRequest } from '../http/request.ts';
import { HttpError, type SwiftResponse, errorResponse } from '../http/response.ts';
import { accountController } from './controllers/account.ts';
import { containerController } from './controllers/container.ts';
import type { Controller, Operation, ResourceNames } from './controllers/controller.ts';
import { allowedMethods } from './controllers/method-table.ts';
import { objectController } from './controllers/object.ts';
import { htmlText } from './controllers/resource-answers.ts';
import { answerOptions, withCors } from './cors.ts';
import { answerInfo, registerProxyInfo } from './info-controller.ts';
import { policySections } from './policy-sections.ts';
import { parseProxyConf } from './proxy-conf.ts';
import { ProxyContext } from './proxy-context.ts';
import { type Controllers, route } from './routing.ts';
import { newTransactionId } from '../common/transaction-id.ts';

export { confSpec } from './proxy-conf-spec.ts';

const CONTROLLERS: Controllers = {
  account: accountController,
  container: containerController,
  object: objectController,
};

export const appFactory: AppFactory = (globalConf: Conf, localConf: Conf, host: Host) => {
  const sections = policySections(globalConf['__file__'], localConf['__name__'] ?? 'proxy-server', host.policies);
  const conf = parseProxyConf(mergeConfs(globalConf, localConf), sections);
  return proxyApp(new ProxyContext({ conf, host, transport: backendTransportOf(host) }));
};

/** The app over a context, which learns of it for the sub-requests of controllers. Never rejects. */
export function proxyApp(context: ProxyContext): Handler {
  registerProxyInfo(context);
  const app: Handler = async (req) => {
    try {
      return await handle(context, req);
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      req.log.error(`ERROR Unhandled exception in request ${req.method} ${req.path}`, error);
      return errorResponse(500);
    }
  };
  context.app = app;
  return app;
}

async function handle(context: ProxyContext, req: SwiftRequest): Promise<SwiftResponse> {
  const storageToken = req.headers.get('x-storage-token');
  if (storageToken !== undefined) req.headers.setDefault('x-auth-token', storageToken);
  if ((req.contentLength ?? 0) < 0) return htmlText(400, 'Invalid Content-Length');
  if (!isPathValid(req)) return htmlText(412, 'Invalid UTF8 or contains NULL');
  if (req.path === '/info') {
    return isHostDenied(context, req) ? htmlText(403, 'Invalid host header') : answerInfo(context, req);
  }
  const found = route(req.path, context.constraints.valid_api_versions, CONTROLLERS);
  if (found === 'not-found') return errorResponse(404);
  if (found === 'bad-version') return errorResponse(400);
  if (found === 'bad-url') return htmlText(412, 'Bad URL');
  if (isHostDenied(context, req)) return htmlText(403, 'Invalid host header');
  if (req.env.transId === undefined) {
    req.env.transId = newTransactionId(context.host.now());
    req.log = req.log.withTransaction(req.env.transId);
  }
  return await dispatch(context, req, found.controller, found.names);
}

/** Names with U+0000 are for internal use: only a request that may use them gets through. */
function isPathValid(req: SwiftRequest): boolean {
  const { path } = req;
  if (!path.isWellFormed()) return false;
  if (!path.includes('\0')) return true;
  return req.env.allowReservedNames === true || isTrueValue(req.headers.get('x-backend-allow-reserved-names'));
}

function isHostDenied(context: ProxyContext, req: SwiftRequest): boolean {
  const { denyHostHeaders } = context.conf;
  if (denyHostHeaders.length === 0) return false;
  const host = (req.headers.get('host') ?? '').split(':')[0] as string;
  return denyHostHeaders.includes(host);
}

function operationOf({ operations, privateOperations }: Controller, req: SwiftRequest): Operation | undefined {
  const { method, headers } = req;
  if (Object.hasOwn(operations, method)) return operations[method];
  if (privateOperations === undefined || !Object.hasOwn(privateOperations, method)) return undefined;
  return isTrueValue(headers.get('x-backend-allow-private-methods')) ? privateOperations[method] : undefined;
}

async function dispatch(
  context: ProxyContext,
  req: SwiftRequest,
  controller: Controller,
  names: ResourceNames,
): Promise<SwiftResponse> {
  const isOptions = req.method === 'OPTIONS';
  const operation = operationOf(controller, req);
  if (operation === undefined && !isOptions) {
    return errorResponse(405, { allow: allowedMethods(context, controller) });
  }
  const { authorize } = req.env;
  let authorized = false;
  if (authorize !== undefined) {
    const refusal = await authorize(req);
    if (refusal === null) authorized = true;
    // What is refused now may be allowed by the container's ACL: the operation asks again when it knows that.
    else if (!controller.delaysDenial.has(req.method)) return refusal;
    else await refusal.close();
  }
  req.env.originalMethod ??= req.method;
  if (!authorized) return await run();
  // Nothing is asked twice: what passed here is not held against an ACL.
  req.env.authorize = undefined;
  try {
    return await run();
  } finally {
    req.env.authorize = authorize;
  }

  function run(): Promise<SwiftResponse> {
    return operation === undefined
      ? answerOptions(context, req, controller, names)
      : withCors(context, req, names, operation);
  }
}
