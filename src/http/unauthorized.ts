import { quote } from '../common/text.ts';
import type { SwiftRequest } from './request.ts';
import { errorResponse, type SwiftResponse } from './response.ts';

/** 401 that names the account of the path as realm, or `realm`, written as it is but for bytes that no header may hold. */
export function unauthorizedResponse(req: SwiftRequest, realm: string = realmOf(req)): SwiftResponse {
  const sendable = realm.replace(/[\0-\x1f\x7f]/g, (byte) => quote(byte));
  return errorResponse(401, { 'www-authenticate': `Swift realm="${sendable}"` });
}

function realmOf(req: SwiftRequest): string {
  const [root, version = '', account = ''] = req.path.split('/', 3);
  const hasAccount = root === '' && version !== '' && account !== '';
  return hasAccount && account !== 'v1.0' && account !== 'auth' ? quote(account) : 'unknown';
}
