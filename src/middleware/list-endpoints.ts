/**
 * list_endpoints - tells on which devices an account, container or object is, for services inside the cluster that read where the data is:
 * `GET /endpoints/[v1|v2/]ACCOUNT[/CONTAINER[/OBJECT]]`. It asks for no authorization, so a proxy that strangers reach must not have it.
 */

import {
  containerInfo,
  type FilterFactory,
  type Handler,
  type Host,
  HttpError,
  type Order,
  pythonJson,
  quote,
  readConf,
  type SwiftRequest,
  SwiftResponse,
  unquote,
} from '../middleware-api.ts';

export const confSpec = {
  list_endpoints_path: { type: 'text', default: '/endpoints/', doc: 'What such paths begin with.' },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache'],
  before: ['tempauth', 'keystoneauth'],
  why: 'its paths are no accounts, and auth would refuse them',
};

interface Target {
  readonly version: 1 | 2;
  readonly account: string;
  /** '' is a name that is there and empty. */
  readonly container: string | undefined;
  readonly object: string | undefined;
}

function refuse(text: string): never {
  throw new HttpError(400, text, { 'content-type': 'text/html; charset=UTF-8' });
}

/** 1 or 2, undefined for what is no number of a version: `v1`, `2.0`, `1`. */
function versionOf(segment: string): 1 | 2 | undefined {
  const number = segment.replace(/^v+/, '');
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) return undefined;
  const value = Number(number);
  return value === 1 || value === 2 ? value : undefined;
}

/** The segments of a percent-encoded path behind the prefix. */
function targetOf(rest: string): Target {
  const [first = '', behind] = cutAt(rest);
  let version = versionOf(first);
  let resource = behind ?? '';
  if (version === undefined) {
    if (first.startsWith('v') && !first.includes('_')) refuse(`Unsupported version '${first}'`);
    version = 1;
    resource = rest;
  }
  const [account, inAccount] = cutAt(resource);
  if (account === '') refuse('No account specified');
  const [container, object] = inAccount === undefined ? [undefined, undefined] : cutAt(inAccount);
  if (container === '' && object !== undefined) refuse('No container specified');
  return {
    version,
    account: unquote(account),
    container: container === undefined ? undefined : unquote(container),
    object: object === undefined ? undefined : unquote(object),
  };
}

function cutAt(path: string): [first: string, rest: string | undefined] {
  const slash = path.indexOf('/');
  return slash < 0 ? [path, undefined] : [path.slice(0, slash), path.slice(slash + 1)];
}

function endpointsOf(host: Host, { account, container, object }: Target, policyIndex: number | undefined): string[] {
  const type = object !== undefined ? 'object' : container !== undefined ? 'container' : 'account';
  const ring = host.ring(type, policyIndex);
  const names = [account, container, object].filter((name) => name !== undefined);
  const [, inAccount, inContainer] = names;
  // An empty name at the end counts for nothing in the place, but stands in the path.
  const partition = ring.partitionOf(
    account,
    inAccount === '' ? undefined : inAccount,
    inContainer === '' ? undefined : inContainer,
  );
  const path = names.map((name) => quote(name)).join('/');
  return ring.primaries(partition).map(({ ip, port, device }) => `http://${ip}:${port}/${device}/${partition}/${path}`);
}

async function answer(req: SwiftRequest, app: Handler, host: Host, prefix: string): Promise<SwiftResponse> {
  if (req.method !== 'GET') return new HttpError(405, undefined, { allow: 'GET' }).toResponse();
  const target = targetOf(quote(req.path).slice(prefix.length));
  const { account, container, object } = target;
  let policyIndex: number | undefined;
  if (object !== undefined) {
    const sub = req.sub('HEAD', `/v1/${account}/${container}`, { source: 'LE' });
    policyIndex = (await containerInfo(sub, app, { source: 'LE' })).storage_policy;
  }
  const endpoints = endpointsOf(host, target, policyIndex);
  const headers = policyIndex === undefined ? {} : { 'X-Backend-Storage-Policy-Index': String(policyIndex) };
  const body = Buffer.from(pythonJson(target.version === 1 ? endpoints : { endpoints, headers }));
  return new SwiftResponse(200, { 'content-type': 'application/json', 'content-length': body.length }, body);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const { list_endpoints_path: path } = readConf(confSpec, globalConf, localConf);
  const prefix = path.endsWith('/') ? path : `${path}/`;
  return (app) => async (req) => {
    if (!req.path.startsWith(prefix)) return app(req);
    try {
      return await answer(req, app, host, prefix);
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      throw error;
    }
  };
};
