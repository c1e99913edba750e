/** `egg:PasteDeploy#prefix`: for an app behind a proxy server that mounts it below a prefix. Source: spec paste-deploy 8.5. */

import type { FilterAppFactory } from '../http/contract.ts';
import { SwiftRequest } from '../http/request.ts';
import { readConf } from '../common/conf-spec.ts';

export const confSpec = {
  prefix: { type: 'text', default: '/', doc: 'Taken off the front of the path, and given as the mount point.' },
  force_port: { type: 'text', doc: 'Port of the Host header that the app sees.' },
  scheme: { type: 'text', choices: ['http', 'https'], doc: 'Scheme that the app sees.' },
  translate_forwarded_server: {
    type: 'boolean',
    default: true,
    doc: 'Take host, client address and scheme from X-Forwarded-* headers.',
  },
} as const;

export const prefixFilterFactory: FilterAppFactory = (app, globalConf, localConf) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const prefix = conf.prefix.replace(/\/+$/, '');
  return async (req) => {
    const seen = conf.translate_forwarded_server ? readForwarded(req) : {};
    const scheme = conf.scheme ?? seen.scheme;
    const next = copyRequest(req, seen.address, scheme === 'http' || scheme === 'https' ? scheme : undefined);
    if (seen.host !== undefined) next.headers.set('host', seen.host);
    if (conf.force_port !== undefined) {
      next.headers.set('host', `${(next.headers.get('host') ?? '').split(':', 1)[0]}:${conf.force_port}`);
    }
    if (prefix !== '') {
      if (next.rawPath === prefix || next.rawPath.startsWith(`${prefix}/`)) {
        next.rawPath = next.rawPath.slice(prefix.length) || '/';
      }
      next.scriptName = prefix;
    }
    return app(next);
  };
};

interface Forwarded {
  host?: string | undefined;
  address?: string | undefined;
  scheme?: string | undefined;
}

/** Takes the forwarding headers out; of a list the first counts. */
function readForwarded(req: SwiftRequest): Forwarded {
  const take = (name: string): string | undefined => {
    const value = req.headers.get(name);
    req.headers.delete(name);
    return value?.split(',', 1)[0]?.trim();
  };
  const server = take('x-forwarded-server');
  const host = take('x-forwarded-host') ?? server;
  const scheme = take('x-forwarded-scheme') ?? take('x-forwarded-proto');
  return { host, address: take('x-forwarded-for'), scheme: scheme?.toLowerCase() };
}

/** The same request when nothing differs; address and scheme of a request are fixed. */
function copyRequest(
  req: SwiftRequest,
  address: string | undefined,
  scheme: 'http' | 'https' | undefined,
): SwiftRequest {
  if (address === undefined && (scheme === undefined || scheme === req.scheme)) return req;
  const copy = new SwiftRequest({
    method: req.method,
    target: req.target,
    headers: req.headers,
    body: req.body,
    env: req.env,
    log: req.log,
    connection: req.connection,
    signal: req.signal,
    remoteAddress: address ?? req.remoteAddress,
    remotePort: req.remotePort,
    scheme: scheme ?? req.scheme,
    httpVersion: req.httpVersion,
  });
  copy.scriptName = req.scriptName;
  return copy;
}
