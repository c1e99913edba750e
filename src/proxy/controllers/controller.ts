/** What a controller is: a table of operations by method. The app looks methods up here; what is not in it gets 405. */

import type { SwiftRequest } from '../../http/request.ts';
import type { SwiftResponse } from '../../http/response.ts';
import type { ServerType } from '../backend-headers.ts';
import type { ProxyContext } from '../proxy-context.ts';

/** Names of the path, native text. */
export interface ResourceNames {
  readonly account: string;
  /** '' for an account. */
  readonly container: string;
  /** '' for an account or container. */
  readonly object: string;
}

export type Operation = (context: ProxyContext, req: SwiftRequest, names: ResourceNames) => Promise<SwiftResponse>;

export interface Controller {
  readonly serverType: ServerType;
  /** By method. An operation whose ACL must be known first calls `authorize` itself. */
  readonly operations: Readonly<Record<string, Operation>>;
  /** Those that only filters may ask for, with `X-Backend-Allow-Private-Methods: true`. Clients cannot send that header. */
  readonly privateOperations?: Readonly<Record<string, Operation>>;
  /** Methods for which the app does not call `env.authorize`: the operation does, once it knows the ACL. */
  readonly delaysDenial: ReadonlySet<string>;
}
