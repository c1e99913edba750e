/** GET of an account: a listing of its containers. */

import { listingParams } from '../http/database-server.ts';
import { listingContentType, listingFormatOf } from '../http/listing-content-type.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import { accountHeaders, type AccountServer, checkDevice, locate, statusResponse } from './server.ts';

export async function get(server: AccountServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, false);
  const params = listingParams(req, server.listingLimit);
  const contentType = listingContentType(req);
  const refusal = checkDevice(server, target, false);
  if (refusal !== undefined) return refusal;
  const found = await server.store.list(target.account, {
    ...params,
    format: listingFormatOf(contentType),
    policyNames: policyNames(server),
  });
  if (found === null || found.info.isDeleted) {
    return statusResponse(404, found?.info.isStatusDeleted ?? false);
  }
  const { bytes, count } = found.listing;
  const headers = accountHeaders(server, found.info, contentType).set('content-length', bytes.length);
  return count === 0 && contentType === 'text/plain'
    ? new SwiftResponse(204, headers)
    : new SwiftResponse(200, headers, bytes);
}

const namesOf = new WeakMap<AccountServer['policies'], Readonly<Record<number, string>>>();

/** Names of policies by index, made once. */
function policyNames({ policies }: AccountServer): Readonly<Record<number, string>> {
  let names = namesOf.get(policies);
  if (names === undefined) {
    names = Object.fromEntries([...policies].map((policy) => [policy.index, policy.name]));
    namesOf.set(policies, names);
  }
  return names;
}
