/**
 * listing_formats - the rest of the pipeline lists in JSON alone; this filter turns it into what the client asked for: plain text, JSON
 * or XML. Names of the reserved namespace are left out unless the request may see them.
 */

import {
  type FilterFactory,
  type Handler,
  isTrueValue,
  isValidUtf8,
  listingContentType,
  listingFormatOf,
  type Order,
  pythonJson,
  readAll,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
  XML_HEAD,
  xmlAttribute,
  xmlText,
} from '../middleware-api.ts';

export const confSpec = {} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'proxy_logging', 'memcache'],
  why: 'filters inside it need listings in JSON, those outside it what the client asked for',
};

/** A longer body than 10,000 entries of the longest names can be is no listing of Swift's and passes as it is. */
const MAX_LISTING_BYTES = 10_000 * (1024 * 6 + 8192);

type Entry = Record<string, unknown>;
const RESERVED = '\u0000';
const RESERVED_IN_JSON = Buffer.from('"\\u0000');

interface Target {
  account: string;
  container: string | undefined;
}

const LISTING = /^\/v[0-9.]+\/([^/]+)(?:\/([^/]*)\/?)?$/;

/** The account or container that a path names; undefined for any other path. */
function listingTarget(path: string): Target | undefined {
  const match = LISTING.exec(path);
  return match === null ? undefined : { account: match[1] as string, container: match[2] || undefined };
}

function nameOf(entry: Entry): string {
  return String(entry['subdir'] ?? entry['name']);
}

function plain(entries: readonly Entry[]): string {
  return entries.map((entry) => `${nameOf(entry)}\n`).join('');
}

function elements(entry: Entry, names: readonly string[]): string {
  return names.map((name) => `<${name}>${xmlText(String(entry[name]))}</${name}>`).join('');
}

function accountXml(account: string, entries: readonly Entry[]): string {
  const rows = entries.map((entry) =>
    entry['subdir'] === undefined
      ? `<container>${elements(entry, ['name', 'count', 'bytes', 'last_modified'])}</container>\n`
      : `<subdir name=${xmlAttribute(nameOf(entry))} />\n`,
  );
  return `${XML_HEAD}<account name=${xmlAttribute(account)}>\n${rows.join('')}</account>`;
}

function containerXml(container: string, entries: readonly Entry[]): string {
  const name = xmlAttribute(container);
  if (entries.length === 0) return `${XML_HEAD}<container name=${name} />`;
  const rows = entries.map((entry) =>
    entry['subdir'] === undefined
      ? `<object>${elements(entry, ['name', 'hash', 'bytes', 'content_type', 'last_modified'])}</object>`
      : `<subdir name=${xmlAttribute(nameOf(entry))}><name>${xmlText(nameOf(entry))}</name></subdir>`,
  );
  return `${XML_HEAD}<container name=${name}>${rows.join('')}</container>`;
}

function format(contentType: string, target: Target, entries: readonly Entry[]): string {
  switch (listingFormatOf(contentType)) {
    case 'plain':
      return plain(entries);
    case 'json':
      return pythonJson(entries);
    case 'xml':
      return target.container === undefined
        ? accountXml(target.account, entries)
        : containerXml(target.container, entries);
  }
}

/** The entries of a listing, or undefined for a body that is none. */
function parseEntries(body: Buffer): Entry[] | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return Array.isArray(value) ? (value as Entry[]) : undefined;
  } catch {
    return undefined;
  }
}

function varyOnAccept(res: SwiftResponse): void {
  const vary = res.headers.get('vary');
  if (vary === undefined) res.headers.set('vary', 'Accept');
  else if (!/(^|,)\s*accept\s*(,|$)/i.test(vary)) res.headers.set('vary', `${vary}, Accept`);
}

function setContent(res: SwiftResponse, contentType: string, body: Buffer): void {
  res.headers.set('content-type', `${contentType}; charset=utf-8`).set('content-length', body.length);
  res.body = body;
  if (body.length === 0 && res.status === 200) {
    res.status = 204;
    res.reason = undefined;
  }
}

/** Reads the JSON listing and puts the wanted form in its place; what turns out to be no listing stays. */
async function reformat(res: SwiftResponse, contentType: string, target: Target, showReserved: boolean): Promise<void> {
  const body = await readAll(res.body);
  res.body = body;
  const mayHoldReserved = !showReserved && body.includes(RESERVED_IN_JSON);
  if (contentType === 'application/json' && !mayHoldReserved) return;
  const entries = parseEntries(body);
  if (entries === undefined) return;
  const shown = mayHoldReserved ? entries.filter((entry) => !nameOf(entry).startsWith(RESERVED)) : entries;
  setContent(res, contentType, Buffer.from(format(contentType, target, shown), 'utf8'));
}

function askForJson(req: SwiftRequest): void {
  const params = new Map(req.params);
  params.set('format', 'json');
  req.setParams(params);
}

async function list(req: SwiftRequest, app: Handler, target: Target): Promise<SwiftResponse> {
  const wanted = req.params.get('format');
  if (wanted !== undefined && !isValidUtf8(wanted)) {
    return textResponse(400, '"format" parameter not valid UTF-8', { 'content-type': 'text/plain' });
  }
  const contentType = listingContentType(req);
  if (wanted !== undefined && wanted !== '') req.headers.set('accept', contentType);
  askForJson(req);

  const res = await app(req);
  if (!res.isSuccess) return res;
  // A blank format leaves the choice to Accept, but is one all the same.
  if (wanted === undefined) varyOnAccept(res);
  if (!/^application\/json(;|$)/.test(res.headers.get('content-type') ?? '')) return res;
  if (req.method === 'HEAD') {
    res.headers.set('content-type', `${contentType}; charset=utf-8`).set('content-length', 0);
    return res;
  }
  if (res.status !== 200 || (res.contentLength ?? 0) > MAX_LISTING_BYTES) return res;
  const showReserved = isTrueValue(req.headers.get('x-backend-allow-reserved-names'));
  await reformat(res, contentType, target, showReserved);
  return res;
}

export const filterFactory: FilterFactory = () => (app) => (req) => {
  const target = req.method === 'GET' || req.method === 'HEAD' ? listingTarget(req.path) : undefined;
  return target === undefined || req.env.formatListing === false ? app(req) : list(req, app, target);
};
