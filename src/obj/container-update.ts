/** The container rows that follow a PUT, POST or DELETE of an object. Source: spec swift-formats 5.2, 5.5. */

import { quote, unquote } from '../common/text.ts';
import { type Headers, lowerName, titleName } from '../http/headers.ts';
import { splitPath, type SwiftRequest } from '../http/request.ts';
import { type ContainerTarget, parseHostPort } from './row-delivery.ts';
import type { ObjectServer } from './server.ts';
import type { AsyncUpdate, Metadata, ObjectLocation } from './storage.ts';

/** Fields of a row by header name in title case: `X-Size`, `X-Etag`, … */
export type RowFields = Map<string, string>;

/** `PUT http://host/sdb1/14/AUTH_test/c/o`: who caused an update. */
export function refererOf(req: SwiftRequest): string {
  const query = req.queryString === '' ? '' : `?${req.queryString}`;
  return `${req.method} ${req.hostUrl}${quote(req.path)}${query}`;
}

/** Tells the containers named by the request's headers; waits for them as long as the server's options say. */
export async function updateContainers(
  server: ObjectServer,
  req: SwiftRequest,
  location: ObjectLocation,
  op: 'PUT' | 'DELETE',
  fields: RowFields,
): Promise<void> {
  const partition = req.headers.get('x-container-partition') ?? '';
  if (partition === '') return;
  const targets = targetsOf(req, 'x-container', partition);
  if (targets.length === 0) return;
  const update: AsyncUpdate = {
    op,
    account: location.account,
    container: location.container,
    obj: location.object,
    headers: rowHeaders(server, req, fields, location.policyIndex),
    dbState: req.headers.get('x-container-root-db-state') ?? null,
  };
  const containerPath = updatePath(req);
  if (containerPath !== undefined) update.containerPath = containerPath;
  await server.updates.sendAll(
    targets.map((target) => server.updates.send(location.device, location.policyIndex, update, target, req.log)),
  );
}

function rowHeaders(
  server: ObjectServer,
  req: SwiftRequest,
  fields: RowFields,
  policyIndex: number,
): [string, string][] {
  const headers: [string, string][] = [...fields];
  headers.push(
    ['X-Trans-Id', req.headers.get('x-trans-id') ?? '-'],
    ['Referer', refererOf(req)],
    ['X-Backend-Storage-Policy-Index', String(policyIndex)],
    ['User-Agent', server.updates.userAgent],
  );
  return headers;
}

/**
 * The servers in `<prefix>-host` and `<prefix>-device`, which are lists of equal length; none when they do not match, which
 * is logged.
 */
export function targetsOf(
  req: SwiftRequest,
  prefix: 'x-container' | 'x-delete-at',
  partition: string,
): ContainerTarget[] {
  const hosts = splitNames(req.headers.get(`${prefix}-host`));
  const devices = splitNames(req.headers.get(`${prefix}-device`));
  const targets: ContainerTarget[] = [];
  for (const [at, host] of hosts.entries()) {
    const address = parseHostPort(host);
    const device = devices[at];
    if (address !== undefined && device !== undefined) targets.push({ ...address, device, partition });
  }
  if (hosts.length === devices.length && targets.length === hosts.length) return targets;
  req.log.error(
    `ERROR Container update failed: different numbers of hosts and devices in request: ` +
      `"${req.headers.get(`${prefix}-host`) ?? ''}" vs "${req.headers.get(`${prefix}-device`) ?? ''}"`,
  );
  return [];
}

function splitNames(list: string | undefined): string[] {
  if (list === undefined || list === '') return [];
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** `account/container` of the shard that keeps the row, when the proxy names one; native text. */
function updatePath(req: SwiftRequest): string | undefined {
  const quoted = req.headers.get('x-backend-quoted-container-path');
  const path = quoted === undefined ? req.headers.getText('x-backend-container-path') : unquote(quoted);
  if (path === undefined || path === '') return undefined;
  try {
    splitPath(`/${path}`, 2, 2, true);
    return path;
  } catch {
    req.log.error(`Invalid X-Backend-Container-Path, should be of the form 'account/container' but got ${path}`);
    return undefined;
  }
}

const BACKEND_OVERRIDE = 'x-backend-container-update-override-';
const SYSMETA_OVERRIDE = 'x-object-sysmeta-container-update-override-';

/**
 * Replaces fields of a row: `…-override-foo` sets `X-Foo`. Sysmeta beats backend headers; of several `sources` (headers, then
 * footers or stored metadata) the later ones beat the earlier.
 */
export function applyOverrides(fields: RowFields, ...sources: readonly (Headers | Metadata)[]): RowFields {
  const fromSysmeta: RowFields = new Map();
  for (const source of sources) {
    source.forEach((value, name) => {
      const field = overriddenField(lowerName(name));
      if (field !== undefined) (field.isSysmeta ? fromSysmeta : fields).set(field.name, value);
    });
  }
  fromSysmeta.forEach((value, name) => fields.set(name, value));
  return fields;
}

function overriddenField(name: string): { name: string; isSysmeta: boolean } | undefined {
  if (!name.startsWith('x-')) return undefined;
  const isSysmeta = name.startsWith(SYSMETA_OVERRIDE);
  if (!isSysmeta && !name.startsWith(BACKEND_OVERRIDE)) return undefined;
  const field = name.slice((isSysmeta ? SYSMETA_OVERRIDE : BACKEND_OVERRIDE).length);
  return field === '' ? undefined : { name: titleName(`x-${field}`), isSysmeta };
}

/** Row fields of a new object. */
export function putFields(
  headers: Headers,
  footers: Headers | undefined,
  stored: ReadonlyMap<string, string>,
): RowFields {
  const fields: RowFields = new Map([
    ['X-Size', stored.get('Content-Length') as string],
    ['X-Content-Type', stored.get('Content-Type') as string],
    ['X-Timestamp', stored.get('X-Timestamp') as string],
    ['X-Etag', stored.get('ETag') as string],
  ]);
  return footers === undefined ? applyOverrides(fields, headers) : applyOverrides(fields, headers, footers);
}
