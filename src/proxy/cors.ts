/** Cross-origin requests: what a container's metadata and the config let scripts of other origins see. */

import type { SwiftRequest } from '../http/request.ts';
import type { ContainerInfo } from '../http/resource-info.ts';
import { HttpError, SwiftResponse, errorResponse } from '../http/response.ts';
import type { Controller, Operation, ResourceNames } from './controllers/controller.ts';
import { allowedMethods } from './controllers/method-table.ts';
import type { ProxyContext } from './proxy-context.ts';
import { lookUpContainer } from './resource-lookup.ts';

const EXPOSED = [
  'cache-control',
  'content-language',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
  'etag',
  'x-timestamp',
  'x-trans-id',
  'x-openstack-request-id',
];

type ContainerCors = ContainerInfo['cors'];

function words(text: string | null): string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}

function isOriginAllowed(context: ProxyContext, cors: ContainerCors, origin: string): boolean {
  const allowed = [...words(cors.allow_origin), ...context.conf.corsAllowOrigin];
  return allowed.includes(origin) || allowed.includes('*');
}

/** Where the container allows everybody, answers are the same for all; an origin that is named must not be cached for another. */
function allowsEverybody(cors: ContainerCors): boolean {
  return cors.allow_origin?.trim() === '*';
}

/** OPTIONS, of any resource. Only containers and what is in them take part in CORS. */
export async function answerOptions(
  context: ProxyContext,
  req: SwiftRequest,
  controller: Controller,
  { account, container }: ResourceNames,
): Promise<SwiftResponse> {
  const allow = allowedMethods(context, controller);
  const plain = errorResponse(200, { allow });
  const origin = req.headers.get('origin');
  if (origin === undefined || origin === '' || container === '') return plain;
  const { cors } = await lookUpContainer(context, req, { account, container });
  const method = req.headers.get('access-control-request-method');
  if (!isOriginAllowed(context, cors, origin) || method === undefined || !allow.split(', ').includes(method)) {
    return errorResponse(401, { allow });
  }
  return preflightResponse(req, cors, origin, allow);
}

function preflightResponse(req: SwiftRequest, cors: ContainerCors, origin: string, allow: string): SwiftResponse {
  const res = new SwiftResponse(200, { allow, 'content-length': 0 });
  const vary: string[] = [];
  const everybody = allowsEverybody(cors);
  res.headers.set('access-control-allow-origin', everybody ? '*' : origin);
  if (!everybody) vary.push('Origin');
  if (cors.max_age !== null) res.headers.set('access-control-max-age', cors.max_age);
  res.headers.set('access-control-allow-methods', allow);
  const wanted = commaList(req.headers.get('access-control-request-headers'));
  if (wanted.length > 0) {
    res.headers.set('access-control-allow-headers', wanted.join(', '));
    vary.push('Access-Control-Request-Headers');
  }
  if (vary.length > 0) res.headers.set('vary', vary.join(', '));
  return res;
}

function commaList(text: string | undefined): string[] {
  const items = (text ?? '').split(',').map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ''))];
}

/** Runs an operation; an answer to a request from another origin gets the headers that let a script see it. */
export async function withCors(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  operation: Operation,
): Promise<SwiftResponse> {
  const origin = req.headers.get('origin');
  if (origin === undefined || origin === '' || names.container === '') return await operation(context, req, names);
  const { account, container } = names;
  const { cors } = await lookUpContainer(context, req, { account, container });
  const res = await answerOf(operation(context, req, names));
  if (context.conf.strictCorsMode && !isOriginAllowed(context, cors, origin)) return res;
  if (!res.headers.has('access-control-expose-headers')) {
    res.headers.set('access-control-expose-headers', exposedHeaders(context, cors, res).join(', '));
  }
  if (!res.headers.has('access-control-allow-origin')) {
    const everybody = allowsEverybody(cors);
    res.headers.set('access-control-allow-origin', everybody ? '*' : origin);
    if (!everybody) addVary(res, 'Origin');
  }
  return res;
}

/** A refusal that is thrown is an answer too, whose text the script may want to see. */
function answerOf(running: Promise<SwiftResponse>): Promise<SwiftResponse> {
  return running.catch((error: unknown) => {
    if (error instanceof HttpError) return error.toResponse();
    throw error;
  });
}

function exposedHeaders(context: ProxyContext, cors: ContainerCors, res: SwiftResponse): string[] {
  const exposed = new Set([...EXPOSED, ...context.conf.corsExposeHeaders]);
  for (const name of res.headers.names()) {
    if (name.startsWith('x-container-meta') || name.startsWith('x-object-meta')) exposed.add(name);
  }
  for (const name of words(cors.expose_headers)) exposed.add(name.toLowerCase());
  return [...exposed];
}

function addVary(res: SwiftResponse, name: string): void {
  const old = res.headers.get('vary');
  res.headers.set('vary', old === undefined ? name : `${old}, ${name}`);
}
