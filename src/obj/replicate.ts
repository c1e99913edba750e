/** REPLICATE: the hashes of a partition's suffixes, or the word that some of them have changed. */

import { type PickleValue, writePickle } from '../common/pickle.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import { splitBackendPath } from '../http/storage-server.ts';
import { type ObjectServer, servedPolicy } from './server.ts';

export async function replicate(server: ObjectServer, req: SwiftRequest): Promise<SwiftResponse> {
  const [device, partition, suffixes] = splitBackendPath(req, 2, 3, true) as [string, string, string | undefined];
  const policyIndex = servedPolicy(server, req);
  await server.storage.checkDevice(device);
  if (suffixes !== undefined && suffixes !== '') {
    await server.storage.invalidateSuffixes(device, partition, policyIndex, suffixes.split('-').filter(isSuffix));
    return pickled(writePickle(null));
  }
  const hashes = await server.storage.suffixHashes(device, partition, policyIndex);
  return pickled(writePickle(new Map<PickleValue, PickleValue>(hashes)));
}

function isSuffix(text: string): boolean {
  return /^[0-9a-f]{3}$/.test(text);
}

function pickled(bytes: Buffer): SwiftResponse {
  return new SwiftResponse(200, { 'content-type': 'text/html; charset=UTF-8', 'content-length': bytes.length }, bytes);
}
