/** What the proxy itself asks to know of accounts and containers: of the cache, but for the share of lookups that pass it over. */

import type { SwiftRequest } from '../http/request.ts';
import { accountInfo, type AccountInfo, containerInfo, type ContainerInfo } from '../http/resource-info.ts';
import type { ProxyContext } from './proxy-context.ts';

/** `account`: native text. */
export function lookUpAccount(context: ProxyContext, req: SwiftRequest, account: string): Promise<AccountInfo> {
  const skipCache = isSkipped(context, context.conf.accountExistenceSkipCachePercent);
  return accountInfo(req, context.app, { account, skipCache });
}

export function lookUpContainer(
  context: ProxyContext,
  req: SwiftRequest,
  { account, container }: { readonly account: string; readonly container: string },
): Promise<ContainerInfo> {
  const skipCache = isSkipped(context, context.conf.containerExistenceSkipCachePercent);
  return containerInfo(req, context.app, { account, container, skipCache });
}

function isSkipped({ random }: ProxyContext, percent: number): boolean {
  return percent > 0 && random() * 100 < percent;
}
