/** `GET /info`: what this cluster can do. Who signs the request with the admin key sees more. Source: spec swift-formats 8.3. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { APUS_VERSION, SWIFT_VERSION } from '../common/version.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse, errorResponse } from '../http/response.ts';
import type { ProxyContext } from './proxy-context.ts';

const ALLOW = 'GET, HEAD, OPTIONS';
const DIGESTS = ['sha1', 'sha256', 'sha512'];

/** Registers the proxy's own section and that of Apus. */
export function registerProxyInfo(context: ProxyContext): void {
  const { conf, constraints, host, policies } = context;
  const shown = [...policies]
    .filter((policy) => !policy.isDeprecated)
    .map((policy) => ({
      name: policy.name,
      aliases: policy.aliases.join(', '),
      ...(policy.isDefault ? { default: true } : {}),
    }));
  host.info.register('swift', {
    version: SWIFT_VERSION,
    strict_cors_mode: conf.strictCorsMode,
    policies: shown,
    allow_account_management: conf.allowAccountManagement,
    account_autocreate: conf.accountAutocreate,
    allow_open_expired: conf.allowOpenExpired,
    ...constraints,
  });
  host.info.register('apus', { version: APUS_VERSION });
}

export function answerInfo(context: ProxyContext, req: SwiftRequest): SwiftResponse {
  if (req.method === 'OPTIONS') return errorResponse(200, { allow: 'HEAD, GET, OPTIONS' });
  if (req.method !== 'GET' && req.method !== 'HEAD') return errorResponse(405, { allow: ALLOW });
  const { conf, host } = context;
  if (!conf.exposeInfo) return errorResponse(403);
  const signature = req.params.get('swiftinfo_sig') ?? '';
  const expires = req.params.get('swiftinfo_expires') ?? '';
  const admin = signature !== '' || expires !== '';
  if (admin) {
    if (conf.adminKey === '') return errorResponse(403);
    if (!isSigned(req.method, signature, expires, conf.adminKey, host.now())) {
      return errorResponse(401, { 'www-authenticate': 'Swift realm="unknown"' });
    }
  }
  const info = host.info.get({ admin, disallowed: conf.disallowedSections });
  const body = Buffer.from(JSON.stringify(info), 'utf8');
  const res = new SwiftResponse(
    200,
    { 'content-type': 'application/json; charset=UTF-8', 'content-length': body.length },
    body,
  );
  const origin = req.headers.get('origin');
  if (origin !== undefined) {
    res.headers.set('access-control-allow-origin', origin).set('access-control-expose-headers', 'x-trans-id');
  }
  return res;
}

/** A HEAD may be signed as a GET. Any of the digests will do. */
function isSigned(method: string, signature: string, expires: string, key: string, nowSeconds: number): boolean {
  if (!/^\s*\d+\s*$/.test(expires) || Number(expires) < nowSeconds) return false;
  const methods = method === 'HEAD' ? ['HEAD', 'GET'] : ['GET'];
  const given = Buffer.from(signature, 'utf8');
  let valid = false;
  for (const digest of DIGESTS) {
    for (const signed of methods) {
      const expected = createHmac(digest, key)
        .update(`${signed}\n${Number(expires)}\n/info`)
        .digest('hex');
      const bytes = Buffer.from(expected, 'utf8');
      // Every candidate is compared, so that the time taken tells nothing.
      if (bytes.length === given.length && timingSafeEqual(bytes, given)) valid = true;
    }
  }
  return valid;
}
