/** Reads from a request's headers what is to be copied where. */

import { HttpError, type ResourcePath, splitPath, type SwiftRequest, unquote } from '../../middleware-api.ts';

/** Native text. */
export interface ObjectPlace {
  readonly account: string;
  readonly container: string;
  readonly object: string;
}

export interface CopyOrder {
  /** `v1` */
  readonly version: string;
  readonly source: ObjectPlace;
  readonly destination: ObjectPlace;
}

/** `/v1/account/container/object` */
export function pathOf({ version }: CopyOrder, { account, container, object }: ObjectPlace): string {
  return `/${version}/${account}/${container}/${object}`;
}

/** Of a COPY, whose path names the source. Its body, if it has one, means nothing. Throws HttpError 412. */
export function orderOfCopy(req: SwiftRequest, source: ResourcePath): CopyOrder {
  const destination = req.headers.get('destination');
  if (destination === undefined || destination === '') throw unmetPrecondition('Destination header required');
  const otherAccount = req.headers.get('destination-account');
  if (otherAccount === undefined) {
    const place = { account: source.account, ...objectIn('Destination', destination) };
    const account = sourceAccount(req) ?? source.account;
    return { version: source.version, source: { ...source, account }, destination: place };
  }
  const account = accountName(otherAccount);
  return { version: source.version, source, destination: { account, ...objectIn('Destination', destination) } };
}

/** Of a PUT, whose path names the destination. Throws HttpError 400 for one with a body, 412. */
export function orderOfPut(req: SwiftRequest, destination: ResourcePath): CopyOrder {
  if ((req.contentLength ?? 0) !== 0) {
    throw new HttpError(400, 'Copy requests require a zero byte body', { 'content-type': 'text/plain' });
  }
  const account = sourceAccount(req) ?? destination.account;
  const source = { account, ...objectIn('X-Copy-From', req.headers.get('x-copy-from') ?? '') };
  return { version: destination.version, source, destination };
}

function sourceAccount(req: SwiftRequest): string | undefined {
  const account = req.headers.get('x-copy-from-account');
  return account === undefined || account === '' ? undefined : accountName(account);
}

function accountName(header: string): string {
  const account = unquote(header);
  if (account === '') throw unmetPrecondition('Account name cannot be empty');
  if (account.includes('/')) throw unmetPrecondition('Account name cannot contain slashes');
  return account;
}

/** Parses `container/object` or `/container/object`, percent-encoded. */
function objectIn(headerName: string, header: string): { container: string; object: string } {
  const path = unquote(header);
  try {
    const [container, object] = splitPath(path.startsWith('/') ? path : `/${path}`, 2, 2, true) as [string, string];
    return { container, object };
  } catch {
    throw unmetPrecondition(`${headerName} header must be of the form <container name>/<object name>`);
  }
}

function unmetPrecondition(text: string): HttpError {
  return new HttpError(412, text, { 'content-type': 'text/html; charset=UTF-8' });
}
