/** What the verbs of one object server share. */

import type { Constraints } from '../common/constraints.ts';
import type { HashPathConfig } from '../common/hash-path.ts';
import type { Policies } from '../common/storage-policy.ts';
import type { SwiftRequest } from '../http/request.ts';
import { htmlError, plainError, splitBackendPath, validateInternalNames } from '../http/storage-server.ts';
import type { ObjectLocation, ObjectStorage } from './storage.ts';
import type { UpdateSender } from './update-sender.ts';

export interface ObjectServer {
  readonly storage: ObjectStorage;
  readonly updates: UpdateSender;
  readonly policies: Policies;
  readonly constraints: Constraints;
  readonly hashPath: HashPathConfig;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Lower-case names of headers stored beside metadata. */
  readonly allowedHeaders: ReadonlySet<string>;
  /** Seconds that a PUT's body may take altogether. */
  readonly maxUploadSeconds: number;
  /** Seconds that a PUT or DELETE takes at least. */
  readonly slowSeconds: number;
  /** Account of the expirer's queue, `.expiring_objects`. */
  readonly expirerAccount: string;
  readonly expirerDivisorSeconds: number;
}

/**
 * Where a request points. Throws HttpError: 400 for a path that does not fit, 503 for a policy that is unknown or that this
 * server does not serve.
 */
export function locate(server: ObjectServer, req: SwiftRequest): ObjectLocation {
  const [device, partition, account, container, object] = splitBackendPath(req, 5, 5, true) as [
    string,
    string,
    string,
    string,
    string,
  ];
  validateInternalNames(account, container, object);
  return { device, partition, account, container, object, policyIndex: servedPolicy(server, req) };
}

/** Index of the policy that a request names, 0 for none. Throws HttpError 503. */
export function servedPolicy(server: ObjectServer, req: SwiftRequest): number {
  const text = req.headers.get('x-backend-storage-policy-index') ?? '';
  const index = text === '' ? 0 : /^\s*\d+\s*$/.test(text) ? Number(text) : -1;
  const policy = server.policies.get(index);
  if (policy === undefined) throw plainError(503, `No policy with index ${text}`);
  if (policy.type === 'erasure_coding') {
    throw htmlError(503, `Policy ${index} is an erasure coding policy, which this server does not serve`);
  }
  return index;
}

/** X-Backend-Next-Part-Power, when the ring is being moved to another partition power. */
export function nextPartPower(req: SwiftRequest): number | null {
  const text = req.headers.get('x-backend-next-part-power');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
