/** Tells the account servers named by a request's X-Account-* headers about the state of a container. */

import { quote } from '../common/text.ts';
import { sendAccountRow } from './account-row.ts';
import { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import type { ContainerInfo } from './container-store.ts';
import type { ContainerServer } from './server.ts';

interface AccountNode {
  /** `ip:port` */
  readonly host: string;
  readonly device: string;
}

/**
 * Sends the container's row to each account server that the request names and waits for the answers. A server that fails is
 * logged; the container updater makes up for it. The answer is a refusal: 404 when every account server said so, 400 for
 * headers that do not fit each other; else undefined.
 */
export async function updateAccount(
  server: ContainerServer,
  req: SwiftRequest,
  info: ContainerInfo,
): Promise<SwiftResponse | undefined> {
  const hosts = csv(req.headers.get('x-account-host'));
  const devices = csv(req.headers.get('x-account-device'));
  const partition = req.headers.get('x-account-partition') ?? '';
  if (hosts.length !== devices.length) {
    req.log.error(
      `ERROR Account update failed: different numbers of hosts and devices in request: "${hosts.join(',')}" vs ` +
        `"${devices.join(',')}"`,
    );
    return errorResponse(400);
  }
  if (partition === '' || hosts.length === 0) return undefined;
  const target = `${partition}/${quote(info.account)}/${quote(info.container)}`;
  const headers = rowHeaders(req, info);
  const nodes = hosts.map((host, at) => ({ host, device: devices[at] as string }));
  const statuses = await Promise.all(nodes.map((node) => sendTo(server, req, node, target, headers)));
  return statuses.every((status) => status === 404) ? errorResponse(404) : undefined;
}

function csv(value: string | undefined): string[] {
  return value === undefined ? [] : value.split(',').map((item) => item.trim());
}

function rowHeaders(req: SwiftRequest, info: ContainerInfo): Headers {
  const headers = new Headers({
    'x-put-timestamp': info.put_timestamp,
    'x-delete-timestamp': info.delete_timestamp,
    'x-object-count': info.isRoot ? info.object_count : 0,
    'x-bytes-used': info.isRoot ? info.bytes_used : 0,
    'x-trans-id': req.headers.get('x-trans-id') ?? '-',
    'x-backend-storage-policy-index': info.storage_policy_index,
    'user-agent': `container-server ${process.pid}`,
    referer: `${req.method} ${req.hostUrl}${req.target}`,
  });
  if (req.headers.get('x-account-override-deleted')?.toLowerCase() === 'yes') {
    headers.set('x-account-override-deleted', 'yes');
  }
  return headers;
}

/** Status of the answer, or undefined when there was none. */
async function sendTo(
  server: ContainerServer,
  req: SwiftRequest,
  node: AccountNode,
  target: string,
  headers: Headers,
): Promise<number | undefined> {
  const { host, device } = node;
  const colon = host.lastIndexOf(':');
  const place = `${host}/${device}`;
  try {
    const answer = await sendAccountRow(server.transport, {
      ip: host.slice(0, Math.max(colon, 0)),
      port: Number(host.slice(colon + 1)),
      target: `/${quote(device)}/${target}`,
      headers,
      connectTimeoutMs: server.connectTimeoutMs,
      nodeTimeoutMs: server.nodeTimeoutMs,
    });
    if (answer.status !== 404 && (answer.status < 200 || answer.status > 299)) {
      req.log.error(
        `ERROR Account update failed with ${place} (will retry later): Response ${answer.status} ${answer.reason}`,
      );
    }
    return answer.status;
  } catch (error) {
    req.log.error(`ERROR account update failed with ${place} (will retry later): ${(error as Error).message}`);
    return undefined;
  }
}
