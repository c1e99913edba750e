/** Pieces of answers that account and container controllers share. */

import { type SwiftResponse, textResponse } from '../../http/response.ts';
import type { ProxyContext } from '../proxy-context.ts';

/** A sentence under the content type that Swift gives what it did not choose one for. */
export function htmlText(status: number, text: string): SwiftResponse {
  return textResponse(status, text, { 'content-type': 'text/html; charset=UTF-8' });
}

/** The refusal of a name that has too many characters. */
export function nameTooLong(kind: 'Account' | 'Container', name: string, limit: number): SwiftResponse | undefined {
  // No name has more characters than UTF-16 units.
  if (name.length <= limit) return undefined;
  const length = Array.from(name).length;
  return length > limit ? htmlText(400, `${kind} name length of ${length} longer than ${limit}`) : undefined;
}

/** Takes away what only the account's owner may see. */
export function hideOwnerHeaders(context: ProxyContext, res: SwiftResponse): void {
  for (const name of context.conf.swiftOwnerHeaders) res.headers.delete(name);
}
