/** Requests to the proxy, each near something that a client would send. */

import { createHmac } from 'node:crypto';
import { bzip2Empty, gzipped, tarOf } from './archives.ts';
import { mutate, pick, type Random } from './random.ts';
import { parts, type RequestParts, TOKEN_PLACE } from './request-parts.ts';
import { ACLS, DATES, JSONS, NAMES, NUMBERS, RANGES, SEGMENTS, TEXTS, TOKENS } from './values.ts';

const ACCOUNT = '/v1/AUTH_test';
const CONTAINER = `${ACCOUNT}/fz`;
const AUTH = { Host: 'h', 'X-Auth-Token': TOKEN_PLACE, Connection: 'close' };
const OPEN = { Host: 'h', Connection: 'close' };
/** Account's key of temporary URLs, as the fuzzer sets it. */
export const TEMP_URL_KEY = 'fuzzing';

type Make = (random: Random) => RequestParts;

function objectPath(random: Random): string {
  return `${CONTAINER}/${pick(random, random(3) > 0 ? ['o', 'big', 'slo', 'dlo', 'written'] : NAMES)}`;
}

function query(random: Random, names: readonly string[], values: readonly string[]): string {
  const fields = Array.from(
    { length: random(4) },
    () => `${pick(random, names)}=${encodeOdd(pick(random, values), random)}`,
  );
  return fields.length > 0 ? `?${fields.join('&')}` : '';
}

/** Percent-encoded, mostly. */
function encodeOdd(text: string, random: Random): string {
  if (random(8) === 0) return text.replaceAll(/[\0- \r\n]/g, '');
  return [...text]
    .map((char) => (/[\w.~-]/.test(char) ? char : `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
}

const LISTING = [
  'limit',
  'marker',
  'end_marker',
  'prefix',
  'delimiter',
  'path',
  'reverse',
  'format',
  'states',
  'allow_versions',
];
const LISTING_VALUES = [...NUMBERS, 'json', 'xml', 'plain', 'true', 'o', '/', '\xff', '\0', '\xc3\xbc', '', 'listing'];
const MANIFEST = ['put', 'get', 'delete', 'x', ''];

function segments(random: Random): string {
  if (random(4) === 0) return pick(random, JSONS);
  const rows = Array.from({ length: random(4) }, () => pick(random, SEGMENTS));
  return `[${rows.join(',')}]`;
}

function sign(message: string, algorithm: string): string {
  return createHmac(algorithm, TEMP_URL_KEY).update(message, 'latin1').digest('hex');
}

const FAR = '4070908800';

function tempUrl(random: Random): RequestParts {
  const method = pick(random, ['GET', 'HEAD', 'PUT']);
  const path = `${CONTAINER}/${pick(random, ['o', 'big', 'none', '%FF'])}`;
  const expires = pick(random, [FAR, FAR, '2099-01-01T00:00:00Z', ...DATES, ...NUMBERS]);
  const signature = pick(random, [
    sign(`${method}\n${FAR}\n${path}`, pick(random, ['sha1', 'sha256', 'sha512'])),
    `sha256:${Buffer.from(sign(`${method}\n${FAR}\n${path}`, 'sha256'), 'hex').toString('base64')}`,
    ...['', 'x', 'sha1:', 'sha999:AAAA', 'sha512:!', '0'.repeat(40), '\xff'],
  ]);
  const more = query(
    random,
    ['filename', 'inline', 'temp_url_prefix', 'temp_url_ip_range', 'temp_url_sig', 'temp_url_expires'],
    [...TEXTS, '10.0.0.0/8', '::/0', '127.0.0.1', '999.1.1.1/99', '%', 'o'],
  ).replace('?', '&');
  const target = `${path}?temp_url_sig=${encodeOdd(signature, random)}&temp_url_expires=${encodeOdd(expires, random)}${more}`;
  return parts(method, target, OPEN, method === 'PUT' ? 'hello' : '');
}

function form(random: Random): RequestParts {
  const boundary = pick(random, ['b', 'xYzZY', 'b'.repeat(100), '"']);
  const fields: Record<string, string> = {
    redirect: pick(random, ['', 'http://a/b?c', '\xff', 'x']),
    max_file_size: pick(random, ['100', ...NUMBERS]),
    max_file_count: pick(random, ['2', ...NUMBERS]),
    expires: pick(random, [FAR, ...NUMBERS]),
  };
  const signed = `${CONTAINER}/form\n${Object.values(fields).join('\n')}`;
  fields['signature'] = random(4) > 0 ? sign(signed, pick(random, ['sha1', 'sha256'])) : pick(random, TEXTS);
  const pieces = Object.entries(fields).map(
    ([name, value]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  for (let left = random(4); left > 0; left--) {
    const name = pick(random, ['f1', 'f2', '..', '\xff', '', 'a/b']);
    pieces.push(
      `Content-Disposition: form-data; name="file${left}"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${pick(random, TEXTS)}`,
    );
  }
  const body = `${pieces.map((piece) => `--${boundary}\r\n${piece}\r\n`).join('')}--${boundary}--\r\n`;
  const type = pick(random, [
    `multipart/form-data; boundary=${boundary}`,
    `multipart/form-data; boundary="${boundary}"`,
    'multipart/form-data',
  ]);
  return parts('POST', `${CONTAINER}/form`, { ...OPEN, 'Content-Type': type }, body);
}

function archive(random: Random): RequestParts {
  const names = Array.from({ length: random(4) }, () =>
    pick(random, ['a', 'd/b', './c', '../e', '/abs', '\xff', '', 'x'.repeat(90), 'd/']),
  );
  const tar = mutate(tarOf(names.map((name) => [name, pick(random, TEXTS)])), random, TOKENS);
  const kind = pick(random, ['tar', 'tar', 'tar.gz', 'tar.bz2', 'zip', '']);
  const body =
    kind === 'tar.gz'
      ? mutate(gzipped(tar), random, TOKENS)
      : kind === 'tar.bz2'
        ? mutate(bzip2Empty, random, TOKENS)
        : tar;
  const path = pick(random, [CONTAINER, ACCOUNT, `${CONTAINER}/in`, `${ACCOUNT}/none`]);
  return parts(
    'PUT',
    `${path}?extract-archive=${kind}`,
    { ...AUTH, Accept: pick(random, ['application/json', 'text/xml', 'text/plain', 'x']) },
    body,
  );
}

/** Weighted by how often each stands here. */
const MAKERS: readonly Make[] = [
  (random) => parts(pick(random, ['GET', 'HEAD']), objectPath(random), { ...AUTH, Range: pick(random, RANGES) }),
  (random) =>
    parts(
      pick(random, ['GET', 'HEAD']),
      objectPath(random) +
        query(random, ['multipart-manifest', 'format', 'part-number'], [...MANIFEST, 'raw', ...NUMBERS]),
      AUTH,
    ),
  (random) => parts('GET', objectPath(random), { ...AUTH, 'If-Modified-Since': pick(random, DATES) }),
  (random) => parts('PUT', objectPath(random).replace(/(o|big|slo|dlo)$/, 'written'), AUTH, pick(random, TEXTS)),
  (random) =>
    parts(
      'PUT',
      `${CONTAINER}/written`,
      { ...AUTH, 'Transfer-Encoding': 'chunked' },
      mutate('5\r\nhello\r\n0\r\n\r\n', random, TOKENS),
    ),
  (random) => parts('POST', `${CONTAINER}/written`, { ...AUTH, 'X-Object-Meta-A': pick(random, TEXTS) }),
  (random) =>
    parts(
      'DELETE',
      `${CONTAINER}/${pick(random, ['written', 'none', ...NAMES.filter((name) => name.length > 9)])}`,
      AUTH,
    ),
  (random) => parts(pick(random, ['GET', 'HEAD']), CONTAINER + query(random, LISTING, LISTING_VALUES), AUTH),
  (random) => parts(pick(random, ['GET', 'HEAD']), ACCOUNT + query(random, LISTING, LISTING_VALUES), AUTH),
  (random) =>
    parts(pick(random, ['PUT', 'POST']), `${ACCOUNT}/fz2`, { ...AUTH, 'X-Container-Read': pick(random, ACLS) }),
  (random) => parts('POST', ACCOUNT, { ...AUTH, 'X-Account-Access-Control': pick(random, JSONS) }),
  (random) =>
    parts('PUT', `${CONTAINER}/manifest?multipart-manifest=${pick(random, MANIFEST)}`, AUTH, segments(random)),
  (random) => parts('PUT', `${CONTAINER}/manifest?multipart-manifest=put`, AUTH, segments(random)),
  (random) =>
    parts(
      'DELETE',
      `${CONTAINER}/manifest?multipart-manifest=delete${pick(random, ['', '&async=on', '&async=x'])}`,
      AUTH,
    ),
  (random) => parts('GET', `${CONTAINER}/manifest`, { ...AUTH, Range: pick(random, RANGES) }),
  (random) =>
    parts('COPY', objectPath(random), { ...AUTH, Destination: pick(random, ['fz/copied', 'fz2/x', ...NAMES]) }),
  (random) =>
    parts('PUT', `${CONTAINER}/copied`, {
      ...AUTH,
      'X-Copy-From': `fz/${pick(random, ['o', 'slo', ...NAMES])}`,
      Range: pick(random, RANGES),
    }),
  (random) =>
    parts(
      pick(random, ['POST', 'DELETE']),
      `${ACCOUNT}?bulk-delete`,
      { ...AUTH, 'Content-Type': 'text/plain', Accept: pick(random, TEXTS) },
      Array.from(
        { length: random(5) },
        () => `fz/${pick(random, ['none', 'copied', ...NAMES.filter((name) => name !== 'o' && name !== 'big')])}`,
      ).join('\n'),
    ),
  archive,
  tempUrl,
  tempUrl,
  form,
  (random) =>
    parts('OPTIONS', objectPath(random), {
      ...OPEN,
      Origin: pick(random, ['http://a', ...TEXTS]),
      'Access-Control-Request-Method': pick(random, ['GET', ...TEXTS]),
    }),
  (random) =>
    parts('GET', `/info${query(random, ['swiftinfo_sig', 'swiftinfo_expires'], [...NUMBERS, ...TEXTS])}`, OPEN),
  (random) =>
    parts('GET', `/auth/${pick(random, ['v1.0', 'v1', '', 'v1/test/auth', 'v2.0', '%FF'])}`, {
      ...OPEN,
      'X-Auth-User': pick(random, ['test:tester', ...TEXTS]),
      'X-Auth-Key': pick(random, ['testing', ...TEXTS]),
    }),
  (random) =>
    parts(
      'GET',
      pick(random, [
        '/healthcheck',
        '/crossdomain.xml',
        '/',
        '*',
        '',
        '/v1',
        '/v1/',
        '/endpoints/x',
        'http://h/v1/AUTH_test',
        '//',
      ]),
      OPEN,
    ),
  (random) =>
    parts('GET', `/${pick(random, NAMES)}/${pick(random, NAMES)}/${pick(random, NAMES)}`, {
      ...AUTH,
      Host: pick(random, ['fz.AUTH-test.example.com', 'AUTH-test.example.com', 'x.example.com']),
    }),
];

export function proxyRequest(random: Random): RequestParts {
  return pick(random, MAKERS)(random);
}
