/** What the account, container and object servers share in front of their verbs. */

import type { Logger } from '../common/host.ts';
import { deviceFolder, type FreeSpaceReserve, hasFreeSpaceSync } from '../common/drive.ts';
import { isValidUtf8 } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import { SWIFT_VERSION } from '../common/version.ts';
import type { Handler } from './contract.ts';
import type { LogLine } from './log-line.ts';
import type { SwiftRequest } from './request.ts';
import { errorResponse, HttpError, isDefaultPage, SwiftResponse, textResponse } from './response.ts';

export type StorageServerType = 'account' | 'container' | 'object';

/** Verbs by their names; OPTIONS is answered by `dispatch`. */
export type MethodTable = Readonly<Record<string, Handler>>;

/** Verbs between replicas, which `replication_server = false` refuses. */
const REPLICATION_METHODS: ReadonlySet<string> = new Set(['REPLICATE', 'SSYNC']);

export interface DispatchOptions {
  readonly serverType: StorageServerType;
  readonly methods: MethodTable;
  /** `replication_server`: false refuses REPLICATE and SSYNC. */
  readonly replicationServer: boolean;
  readonly log: Logger;
  readonly logRequests: boolean;
  readonly logLine: LogLine;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Turns a storage's own errors into an answer; undefined for those it does not know. */
  readonly mapError?: (error: unknown, req: SwiftRequest) => SwiftResponse | undefined;
}

/**
 * The server's handler: checks the path's encoding, finds the verb, turns errors into answers and writes the access line.
 * Never rejects.
 */
export function dispatch(options: DispatchOptions): Handler {
  const methods = allowedMethods(options);
  const allow = [...methods.keys(), 'OPTIONS'].sort().join(', ');
  return async (req) => {
    const start = options.now();
    const transId = req.headers.get('x-trans-id');
    req.env.transId = transId;
    req.log = transId === undefined ? options.log : options.log.withTransaction(transId);
    let res: SwiftResponse;
    try {
      res = await answer(req, methods, options, allow);
    } catch (error) {
      res = faultAnswer(error, req, options);
    }
    if (options.logRequests) writeAccessLine(req, res, start, options);
    // A HEAD is told no length of a page that Swift makes only when a body is sent.
    if (req.method === 'HEAD' && isDefaultPage(res)) {
      res.body = null;
      res.headers.set('content-length', 0);
    }
    return res;
  };
}

function allowedMethods(options: DispatchOptions): Map<string, Handler> {
  const methods = new Map(Object.entries(options.methods));
  if (!options.replicationServer) for (const method of REPLICATION_METHODS) methods.delete(method);
  return methods;
}

function answer(
  req: SwiftRequest,
  methods: ReadonlyMap<string, Handler>,
  options: DispatchOptions,
  allow: string,
): Promise<SwiftResponse> | SwiftResponse {
  if (!isValidUtf8(req.path)) return htmlTextResponse(412, 'Invalid UTF8 or contains NULL');
  const method = methods.get(req.method);
  if (method !== undefined) return method(req);
  if (req.method !== 'OPTIONS') return errorResponse(405);
  return errorResponse(200, { allow, server: `${options.serverType}-server/${SWIFT_VERSION}` });
}

function faultAnswer(error: unknown, req: SwiftRequest, options: DispatchOptions): SwiftResponse {
  if (error instanceof HttpError) return error.toResponse();
  const mapped = options.mapError?.(error, req);
  if (mapped !== undefined) return mapped;
  req.log.error(`ERROR __call__ error with ${req.method} ${req.path}`, error);
  return textResponse(500, 'An error occurred');
}

function writeAccessLine(req: SwiftRequest, res: SwiftResponse, start: number, options: DispatchOptions): void {
  const line = options.logLine(
    req,
    {
      status: res.status,
      // Swift knows no length for its own pages when it writes the line.
      contentLength: isDefaultPage(res) ? undefined : (res.contentLength ?? undefined),
      policyIndex:
        res.headers.get('x-backend-storage-policy-index') ?? req.headers.get('x-backend-storage-policy-index'),
      additionalInfo: req.env.logInfo?.join(','),
    },
    start,
    options.now(),
  );
  if (req.method === 'REPLICATE') req.log.debug(line);
  else req.log.info(line);
}

/** A short text under the content type that Swift's servers give it when none was chosen. */
export function htmlTextResponse(status: number, text: string): SwiftResponse {
  return textResponse(status, text, { 'content-type': 'text/html; charset=UTF-8' });
}

/** A refusal in plain text; Swift's storage servers name no charset. */
export function plainError(status: number, text: string): HttpError {
  return new HttpError(status, text, { 'content-type': 'text/plain' });
}

/** A refusal whose text goes out as HTML, as Swift's do when nothing else was chosen. */
export function htmlError(status: number, text: string): HttpError {
  return new HttpError(status, text, { 'content-type': 'text/html; charset=UTF-8' });
}

/** 507 with the device's name in Swift's page. */
export function insufficientStorage(device: string): SwiftResponse {
  const page =
    '<html><h1>Insufficient Storage</h1><p>There was not enough space to save the resource. ' +
    `Drive: ${device}</p></html>`;
  return new SwiftResponse(
    507,
    { 'content-type': 'text/html; charset=UTF-8', 'content-length': Buffer.byteLength(page) },
    Buffer.from(page),
  );
}

/**
 * Splits the path of a backend request: device, partition and names, native text. Throws HttpError 400 for too few or too
 * many segments and for a device or partition that would leave its folder.
 */
export function splitBackendPath(
  req: SwiftRequest,
  min: number,
  max: number,
  restWithLast = false,
): (string | undefined)[] {
  let parts: (string | undefined)[];
  try {
    parts = req.splitPath(min, max, restWithLast);
  } catch (error) {
    if (error instanceof HttpError) throw plainError(error.status, error.message);
    throw error;
  }
  requireSafeName('device', parts[0] as string);
  requireSafeName('partition', parts[1] as string);
  return parts;
}

function requireSafeName(kind: 'device' | 'partition', name: string): void {
  const isUnsafe = name === '' || name === '.' || name === '..' || name.includes('/');
  // A device with U+0000 is one that is not there.
  if (isUnsafe || (kind === 'partition' && name.includes('\0'))) {
    throw plainError(400, `Invalid ${kind}: ${name}`);
  }
}

/** A name that holds U+0000 must begin with it. Throws HttpError 400. */
function validateReservedName(kind: 'account' | 'container' | 'object', name: string): void {
  if (name.lastIndexOf('\0') > 0 && name[0] !== '\0') throw htmlError(400, `Invalid reserved-namespace ${kind}`);
}

/** The rules for names of the reserved namespace over the levels. Throws HttpError 400. */
export function validateInternalNames(account: string, container?: string, object?: string): void {
  validateReservedName('account', account);
  if (container === undefined) return;
  validateReservedName('container', container);
  if (object === undefined) return;
  const containerIsReserved = container[0] === '\0';
  const objectIsReserved = object[0] === '\0';
  if (containerIsReserved && !objectIsReserved) {
    throw htmlError(400, 'Invalid user-namespace object in reserved-namespace container');
  }
  if (!containerIsReserved && objectIsReserved) {
    throw htmlError(400, 'Invalid reserved-namespace object in user-namespace container');
  }
  validateReservedName('object', object);
}

/** X-Timestamp of a writing request. Throws HttpError 400. */
export function requireTimestamp(req: SwiftRequest): Timestamp {
  const value = req.headers.get('x-timestamp');
  if (value === undefined) throw plainError(400, 'Missing X-Timestamp header');
  const timestamp = Timestamp.tryParse(value);
  if (timestamp === undefined) throw plainError(400, 'Invalid X-Timestamp header');
  return timestamp;
}

export interface DriveOptions {
  /** Folder of the devices. */
  readonly devices: string;
  readonly mountCheck: boolean;
  readonly reserve: FreeSpaceReserve;
}

/** 507 when the device cannot be used or, with `forWriting`, has no room left; else undefined. */
export function checkDrive(options: DriveOptions, device: string, forWriting: boolean): SwiftResponse | undefined {
  const folder = deviceFolder(options.devices, device, options.mountCheck);
  if (folder === undefined) return insufficientStorage(device);
  if (forWriting && !hasFreeSpaceSync(folder, options.reserve)) return insufficientStorage(device);
  return undefined;
}
