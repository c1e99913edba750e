import { quote } from '../common/text.ts';
import type { SwiftRequest } from './request.ts';
import { errorResponse, type SwiftResponse } from './response.ts';

/** 401 that names the account of the path as realm, or `realm`, written as it is. */
export function unauthorizedResponse(req: SwiftRequest, realm: string = realmOf(req)): SwiftResponse {
  return errorResponse(401, { 'www-authenticate': `Swift realm="${realm}"` });
}

function realmOf(req: SwiftRequest): string {
  const [root, version = '', account = ''] = req.path.split('/', 3);
  const hasAccount = root === '' && version !== '' && account !== '';
  return hasAccount && account !== 'v1.0' && account !== 'auth' ? quote(account) : 'unknown';
}
