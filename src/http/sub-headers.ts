import { Headers } from './headers.ts';
import type { SwiftRequest } from './request.ts';

/** What tells who the user is and where they come from, for auth and ACLs. */
const IDENTITY = ['x-auth-token', 'referer', 'x-user-id', 'x-project-id'] as const;

/**
 * Headers for a request that a filter makes in the name of the user: those that auth and referrer ACLs look at, and the user's agent
 * with that of the filter behind it (`curl/8.5.0 DLO MultipartGET`).
 */
export function headersForSub(req: SwiftRequest, agent: string): Headers {
  const headers = new Headers();
  for (const name of IDENTITY) {
    const value = req.headers.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  const own = req.headers.get('user-agent');
  headers.set('user-agent', own === undefined || own === '' ? agent : `${own} ${agent}`);
  return headers;
}
