/** URIs of configurations: `config:path#name`, `egg:package#name`, `call:module:attribute`. Source: spec paste-deploy 4. */

import { ConfigError, type Place } from '../common/config-error.ts';
import { strip } from '../common/ini-dialect.ts';
import { unquote, wireFromNative } from '../common/text.ts';

export const SCHEMES = ['config', 'egg', 'call'] as const;
export type Scheme = (typeof SCHEMES)[number];

export interface Uri {
  readonly scheme: Scheme;
  /** What is between the scheme and `#`. */
  readonly path: string;
  /** What is behind the first `#`. */
  readonly fragment: string | undefined;
}

/** True for what is loaded as a URI where a section's name could stand too. */
export function isUri(name: string): boolean {
  return /^[A-Za-z]+:/.test(name);
}

/** Throws ConfigError `uri-no-scheme`, `uri-unknown-scheme`. */
export function parseUri(text: string, place: Place): Uri {
  const hash = text.indexOf('#');
  const address = hash < 0 ? text : text.slice(0, hash);
  const colon = address.indexOf(':');
  const known = SCHEMES.map((scheme) => `${scheme}:`).join(', ');
  if (colon < 0) {
    const expected = `expected one of ${known} in front of ${text}`;
    throw new ConfigError({ ...place, code: 'uri-no-scheme', text: expected, value: text });
  }
  const scheme = address.slice(0, colon).toLowerCase();
  if (!SCHEMES.includes(scheme as Scheme)) {
    const expected = `expected one of ${known} not ${scheme}: as in ${text}`;
    throw new ConfigError({ ...place, code: 'uri-unknown-scheme', text: expected, value: text, candidates: SCHEMES });
  }
  return {
    scheme: scheme as Scheme,
    path: address.slice(colon + 1),
    fragment: hash < 0 ? undefined : text.slice(hash + 1),
  };
}

/** The path that a `config:` URI names. Throws ConfigError `relative-uri`. */
export function configPathOf(uri: Uri, relativeTo: string | undefined, place: Place): string {
  let path = uri.path.replaceAll('\\', '/');
  if (!path.startsWith('/')) {
    if (relativeTo === undefined) {
      const expected = `expected an absolute path, as nothing tells what config:${uri.path} is relative to`;
      throw new ConfigError({ ...place, code: 'relative-uri', text: expected, value: `config:${uri.path}` });
    }
    path = `${relativeTo}/${path}`;
  }
  if (path.startsWith('///')) path = path.slice(2);
  return strip(unquote(wireFromNative(path)));
}
