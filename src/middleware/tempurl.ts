/**
 * tempurl - URLs signed with a key of the account or the container: whoever has one may do one thing with one object, or with all whose
 * names begin alike, until it expires. Put it before dlo, slo and auth.
 */

import {
  allowedDigests,
  type FilterFactory,
  type Handler,
  isSignedBy,
  type Order,
  parseSignature,
  readConf,
  type Signature,
  type SignatureDigest,
  type SwiftRequest,
  SwiftResponse,
  tempUrlKeys,
  type TempUrlKey,
  type TypedConf,
  unauthorizedResponse,
} from '../middleware-api.ts';
import { isInAddressRange } from './tempurl/address-range.ts';
import { dispositionOf } from './tempurl/disposition.ts';
import { expiresHeader } from './tempurl/expiry.ts';
import { HeaderRules } from './tempurl/header-rules.ts';
import { coveredQuery, tempUrlParameters, type TempUrlParameters } from './tempurl/parameters.ts';

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

export const confSpec = {
  methods: {
    type: 'text',
    default: 'GET HEAD PUT POST DELETE',
    parse: (text: string): readonly string[] => words(text),
    doc: 'Methods that a temporary URL may be for, separated by blanks.',
  },
  incoming_remove_headers: {
    type: 'text',
    default: 'x-timestamp',
    parse: (text: string): readonly string[] => words(text),
    doc: 'Headers taken from requests, separated by blanks; `x-name-*` stands for all that begin so.',
  },
  incoming_allow_headers: {
    type: 'text',
    default: '',
    parse: (text: string): readonly string[] => words(text),
    doc: 'Exceptions to incoming_remove_headers, in the same form.',
  },
  outgoing_remove_headers: {
    type: 'text',
    default: 'x-object-meta-*',
    parse: (text: string): readonly string[] => words(text),
    doc: 'Headers taken from answers, in the same form.',
  },
  outgoing_allow_headers: {
    type: 'text',
    default: 'x-object-meta-public-*',
    parse: (text: string): readonly string[] => words(text),
    doc: 'Exceptions to outgoing_remove_headers, in the same form.',
  },
  allowed_digests: {
    type: 'text',
    default: '',
    doc: 'Digests that signatures may use: sha1 (deprecated), sha256, sha512, separated by blanks. All when empty.',
  },
  path_prefix: {
    type: 'text',
    default: '',
    doc: 'What a proxy in front takes off the path: clients sign their URLs with it.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache'],
  before: ['tempauth', 'keystoneauth', 'copy', 'dlo', 'slo', 'staticweb', 'versioned_writes', 'symlink'],
  why: 'it tells auth that a request may pass, and takes away what could make the request mean another object',
};

/** Would store a pointer to data that the URL gives no access to. */
const POINTER_HEADERS: readonly string[] = ['x-object-manifest', 'x-symlink-target', 'x-copy-from'];
const METHODS_WITHOUT_POINTERS: readonly string[] = ['GET', 'HEAD'];
/** A URL for one of these is good for HEAD. */
const METHODS_OF_HEAD: readonly string[] = ['HEAD', 'GET', 'POST', 'PUT'];
const SOURCE = 'TU';

interface ObjectPath {
  account: string;
  container: string;
  object: string;
}

/** A request whose URL is good. */
interface Grant {
  signature: Signature;
  expires: bigint;
  key: TempUrlKey;
  path: ObjectPath;
}

class TempUrl {
  readonly #methods: ReadonlySet<string>;
  readonly #digests: ReadonlySet<SignatureDigest>;
  readonly #incoming: HeaderRules;
  readonly #outgoing: HeaderRules;
  readonly #pathPrefix: string;
  readonly #now: () => number;

  constructor(conf: TypedConf<typeof confSpec>, digests: readonly SignatureDigest[], now: () => number) {
    this.#methods = new Set(conf.methods);
    this.#digests = new Set(digests);
    const bodyHeaders = ['content-length', 'content-type'];
    this.#incoming = new HeaderRules(conf.incoming_remove_headers, conf.incoming_allow_headers, bodyHeaders);
    this.#outgoing = new HeaderRules(conf.outgoing_remove_headers, conf.outgoing_allow_headers);
    this.#pathPrefix = conf.path_prefix === '' ? '' : `/${conf.path_prefix.replace(/^\/+|\/+$/g, '')}`;
    this.#now = now;
  }

  handle(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
    const params = req.method === 'OPTIONS' ? undefined : tempUrlParameters(req.queryString);
    return params === undefined ? app(req) : this.#handleSigned(req, app, params);
  }

  async #handleSigned(req: SwiftRequest, app: Handler, params: TempUrlParameters): Promise<SwiftResponse> {
    const grant = await this.#grant(req, app, params);
    if (grant === undefined) return refusal(req);
    const pointer = METHODS_WITHOUT_POINTERS.includes(req.method) ? undefined : pointerHeader(req);
    if (pointer !== undefined) return htmlText(400, `The header '${pointer}' is not allowed in this tempurl`);
    this.#incoming.apply(req.headers);
    authorizeFor(req, grant);
    req.queryString = coveredQuery(grant.signature.hex, grant.expires, params);
    const { path } = req;
    const res = await app(req);
    this.#outgoing.apply(res.headers);
    if (res.isSuccess && (req.method === 'GET' || req.method === 'HEAD')) presentAsFile(res, params, grant, path);
    return res;
  }

  /** What costs nothing is checked before keys are asked for. */
  async #grant(req: SwiftRequest, app: Handler, params: TempUrlParameters): Promise<Grant | undefined> {
    const { expires = 0n, prefix, addressRange } = params;
    if (expires <= 0n || Number(expires) < this.#now()) return undefined;
    const signature = parseSignature(params.signature ?? '');
    if (signature === undefined || !this.#digests.has(signature.digest)) return undefined;
    const path = this.#methods.has(req.method) ? objectPath(req.path) : undefined;
    if (path === undefined || (prefix !== undefined && !path.object.startsWith(prefix))) return undefined;
    if (addressRange && !isInAddressRange(req.remoteAddress, addressRange)) return undefined;
    const messages = this.#messages(req.method, path, String(expires), params);
    const keys = await tempUrlKeys(req, app, SOURCE);
    const key = keys.find((candidate) => messages.some((message) => isSignedBy(signature, candidate.key, message)));
    return key === undefined ? undefined : { signature, expires, key, path };
  }

  /** What the owner may have signed to allow this request. */
  #messages(method: string, path: ObjectPath, expires: string, params: TempUrlParameters): string[] {
    const { prefix, addressRange } = params;
    const container = `/v1/${path.account}/${path.container}/`;
    const signed = prefix === undefined ? `${container}${path.object}` : `prefix:${container}${prefix}`;
    const address = addressRange ? `ip=${addressRange}\n` : '';
    const methods = method === 'HEAD' ? METHODS_OF_HEAD : [method];
    return methods.map((signedMethod) => `${address}${signedMethod}\n${expires}\n${this.#pathPrefix}${signed}`);
  }
}

/** Names in the path of an object; undefined for any other path. */
function objectPath(path: string): ObjectPath | undefined {
  const match = /^\/v1\/([^/]+)\/([^/]+)\/(.*)$/s.exec(path);
  if (match === null) return undefined;
  const [, account = '', container = '', object = ''] = match;
  return /[^/]/.test(object) ? { account, container, object } : undefined;
}

function pointerHeader(req: SwiftRequest): string | undefined {
  return req.headers.toTitled().find(([name]) => POINTER_HEADERS.includes(name.toLowerCase()))?.[0];
}

/** Lets the request, and those that filters make of it (segments of a large object), pass within what the key stands for. */
function authorizeFor(req: SwiftRequest, { key, path }: Grant): void {
  const scope = key.scope === 'account' ? [path.account] : [path.account, path.container];
  req.env.authorize = (asked) => {
    const [, , ...names] = asked.path.split('/');
    return scope.every((name, at) => names[at] === name) ? null : unauthorizedResponse(asked);
  };
  req.env.authorizeOverride = true;
  req.env.remoteUser = '.wsgi.tempurl';
}

function presentAsFile(res: SwiftResponse, params: TempUrlParameters, grant: Grant, path: string): void {
  const { filename, inline } = params;
  const stored = res.headers.get('content-disposition');
  res.headers.delete('content-disposition');
  res.headers.set('content-disposition', dispositionOf({ filename, inline, stored, path }));
  const expires = expiresHeader(grant.expires);
  res.headers.delete('expires');
  if (expires !== undefined) res.headers.set('expires', expires);
}

function refusal(req: SwiftRequest): SwiftResponse {
  const res = htmlText(401, req.method === 'HEAD' ? '' : '401 Unauthorized: Temp URL invalid\n');
  res.headers.set('www-authenticate', 'Swift realm="unknown"');
  return res;
}

function htmlText(status: number, text: string): SwiftResponse {
  const body = Buffer.from(text);
  const headers = { 'content-type': 'text/html; charset=UTF-8', 'content-length': body.length };
  return new SwiftResponse(status, headers, body.length === 0 ? null : body);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const { allowed, deprecated } = allowedDigests(conf.allowed_digests, (message) =>
    host.log.warn(`tempurl: ${message}`),
  );
  host.info.register('tempurl', {
    methods: conf.methods,
    incoming_remove_headers: conf.incoming_remove_headers,
    incoming_allow_headers: conf.incoming_allow_headers,
    outgoing_remove_headers: conf.outgoing_remove_headers,
    outgoing_allow_headers: conf.outgoing_allow_headers,
    allowed_digests: allowed,
    ...(deprecated.length > 0 ? { deprecated_digests: deprecated } : undefined),
  });
  const tempUrl = new TempUrl(conf, allowed, () => host.now());
  return (app) => (req) => tempUrl.handle(req, app);
};
