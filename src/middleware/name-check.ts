/** name_check - refuses paths that are too long, or that have characters or parts in them that the operator does not want. Near the front. */

import { type FilterFactory, type Order, readConf, SwiftResponse, wireFromNative } from '../middleware-api.ts';
import { pythonRegExp } from './name-check/python-regexp.ts';

interface ForbiddenPart {
  /** As in the config. */
  readonly pattern: string;
  /** Undefined: nothing is forbidden. */
  readonly regExp: RegExp | undefined;
}

function parsePattern(pattern: string): ForbiddenPart {
  return { pattern, regExp: pattern === '' ? undefined : pythonRegExp(pattern) };
}

export const confSpec = {
  forbidden_chars: {
    type: 'text',
    default: '\'"`<>',
    doc: 'Characters that no path may hold.',
  },
  maximum_length: {
    type: 'integer',
    default: 255,
    doc: 'Longest path, in bytes, version and account included.',
  },
  forbidden_regexp: {
    type: 'text',
    default: '/\\./|/\\.\\./|/\\.$|/\\.\\.$',
    parse: (pattern: string): ForbiddenPart => parsePattern(pattern),
    doc: 'What no path may hold, as a regular expression of Python; empty for nothing.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'proxy_logging'],
  before: ['tempauth', 'keystoneauth'],
  why: 'names that are not wanted should get no further, and their refusal should be logged',
};

function refusal(text: string): SwiftResponse {
  const body = Buffer.from(`Object/Container/Account name ${text}`);
  return new SwiftResponse(400, { 'content-type': 'text/html; charset=UTF-8', 'content-length': body.length }, body);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const {
    forbidden_chars: forbiddenChars,
    maximum_length: maximumLength,
    forbidden_regexp: { pattern, regExp },
  } = readConf(confSpec, globalConf, localConf);
  host.info.register('name_check', {
    forbidden_chars: forbiddenChars,
    maximum_length: maximumLength,
    forbidden_regexp: pattern,
  });
  const characters = [...forbiddenChars];
  return (app) => (req) => {
    const path = wireFromNative(req.path);
    if (characters.some((character) => path.includes(character))) {
      return Promise.resolve(refusal(`contains forbidden chars from ${forbiddenChars}`));
    }
    if (path.length > maximumLength) {
      return Promise.resolve(refusal(`longer than the allowed maximum ${maximumLength}`));
    }
    if (regExp?.test(path) === true) {
      return Promise.resolve(refusal(`contains a forbidden substring from regular expression ${pattern}`));
    }
    return app(req);
  };
};
