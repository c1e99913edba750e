import { createHmac } from 'node:crypto';
import { type Area, get, head, post, put, scenario, send, type Step, type StepContext } from '../scenario.ts';

const ACCOUNT = '/v1/AUTH_test';
const FAR = 1_999_999_999;

interface Wish {
  method?: string;
  /** What is signed; default: the path of the request. */
  signed?: string;
  signedMethod?: string;
  key?: string;
  digest?: string;
  expires?: string | number;
  /** As it stands in the URL, when that is not the number that is signed. */
  shown?: string;
  range?: string;
  base64?: boolean;
  /** More of the query, percent-encoded. */
  more?: string;
  /** Changes the signature. */
  change?: (signature: string) => string;
  rest?: Partial<Step>;
}

const plain = (signature: string): string => signature;

/** A request with a temporary URL of container `{c}`, whose key is `key`. */
function signed(object: string, wish: Wish = {}): (context: StepContext) => Step {
  return (context) => {
    const { c } = context;
    const { method = 'GET', key = 'key', digest = 'sha256', expires = FAR, range, change = plain } = wish;
    const path = `${ACCOUNT}/${c}/${object}`;
    const what = (wish.signed ?? decodeURIComponent(path)).replace('{c}', c);
    const address = range === undefined ? '' : `ip=${range}\n`;
    const hmac = createHmac(digest, key).update(`${address}${wish.signedMethod ?? method}\n${expires}\n${what}`);
    const text = wish.base64 === true ? `${digest}:${hmac.digest('base64')}` : hmac.digest('hex');
    const given = encodeURIComponent(change(text));
    const signature = given === '' ? '' : context.hide('signature', given);
    const shown = encodeURIComponent(wish.shown ?? String(expires));
    const ranges = range === undefined ? '' : `&temp_url_ip_range=${encodeURIComponent(range)}`;
    const query = `temp_url_sig=${signature}&temp_url_expires=${shown}${ranges}${wish.more ?? ''}`;
    return { as: 'none', ...wish.rest, method, path: `${path}?${query}` };
  };
}

const container = put('{c}', {
  headers: { 'X-Container-Meta-Temp-Url-Key': 'key', 'X-Container-Meta-Temp-Url-Key-2': 'key 2' },
});
const object = put('{c}/o', {
  body: 'hello',
  headers: { 'X-Object-Meta-Secret': 's', 'X-Object-Meta-Public-Color': 'blue', 'Content-Type': 'text/x' },
});
const made = [container, object];

const times = [
  ...['1999999999', ' 1999999999', '+1999999999', '1_999_999_999', '01999999999', '1999999999.0', '0x7735940', ''],
  ...[
    '2033-05-18T03:33:19Z',
    '2033-5-18T3:33:19Z',
    '2033-05-18t03:33:19z',
    '2033-05-18T03:33:19',
    '2033-05-18 03:33:19Z',
  ],
  ...[
    '2033-02-30T00:00:00Z',
    '2033-05-18T24:00:00Z',
    '2033-13-18T03:33:19Z',
    '0000-05-18T03:33:19Z',
    '1',
    '-5',
    'soon',
  ],
  ...['2033-05-18T03:32:79Z', '2033-05-18T03:32:61Z', '33-05-18T03:33:19Z'],
];
const names = [
  'a.txt',
  'a%20b',
  'a%22b',
  'a%5Cb',
  'a%0Ab',
  'a/b',
  'caf%C3%A9',
  '%E2%82%AC',
  '%FF',
  'a;b',
  'a,b',
  "a'b",
  '',
  '%25',
  '~',
];
const ranges = [
  ...['127.0.0.1', '127.0.0.0/8', '127.0.0.1/32', '127.0.0.1/8', '10.0.0.0/8', '0.0.0.0/0', '127.0.0.0/255.0.0.0'],
  ...[
    '127.0.0.0/0.255.255.255',
    '::1',
    '::/0',
    '::ffff:127.0.0.1',
    'nonsense',
    '127.0.0.1/33',
    '127.0.0.1/',
    '127.1',
    '1.2.3.4.5',
  ],
  ...[
    '127.0.0.01',
    '127.0.0.0/08',
    '127.0.0.0/8/8',
    '127.0.0.0/255.0.255.0',
    '2001:db8::/129',
    '127.0.0.0/-8',
    ' 127.0.0.1',
  ],
];
const digests = ['sha1', 'sha256', 'sha512'];
const changes: readonly (readonly [string, (signature: string) => string])[] = [
  ['in upper case', (text) => text.toUpperCase()],
  ['that is cut', (text) => text.slice(2)],
  ['that is one digit short', (text) => text.slice(1)],
  ['with a last digit of another', (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')],
  ['that is empty', () => ''],
  ['that is no hex', () => 'z'.repeat(64)],
  ['with a digest in front', (text) => `sha256:${text}`],
  ['of other characters', () => 'é'.repeat(40)],
];
const base64Changes: readonly (readonly [string, (signature: string) => string])[] = [
  ['as it is', plain],
  ['without padding', (text) => text.replace(/=+$/, '')],
  ['with more padding', (text) => `${text}==`],
  ['for URLs', (text) => text.replaceAll('+', '-').replaceAll('/', '_')],
  ['in both alphabets', (text) => `${text.slice(0, 10)}-/+_${text.slice(14)}`],
  ['with a blank', (text) => text.replace(':', ': ')],
  ['of a digest in upper case', (text) => text.replace('sha', 'SHA')],
  ['of a digest that does not exist', (text) => text.replace('sha', 'md')],
  ['that is cut to five', (text) => text.slice(0, 12)],
];

export const area: Area = [
  {
    scenarios: [
      ...digests.flatMap((digest) => [
        scenario(`a signature with ${digest} in hex`, ...made, signed('o', { digest })),
        ...base64Changes.map(([how, change]) =>
          scenario(
            `a signature with ${digest} in base64 ${how}`,
            ...made,
            signed('o', { digest, base64: true, change }),
          ),
        ),
      ]),
      ...changes.map(([how, change]) => scenario(`a signature ${how}`, ...made, signed('o', { change }))),
      ...times.map((shown) => scenario(`expires ${JSON.stringify(shown)}`, ...made, signed('o', { shown }))),
      ...names.map((name) =>
        scenario(
          `the file name ${name === '' ? 'nothing' : name}`,
          ...made,
          signed('o', { more: `&filename=${name}` }),
          signed('o', { more: `&filename=${name}&inline` }),
        ),
      ),
      ...ranges.map((range) => scenario(`the address range ${JSON.stringify(range)}`, ...made, signed('o', { range }))),
      scenario('an address range that was not signed', ...made, signed('o', { more: '&temp_url_ip_range=127.0.0.1' })),
      scenario('an empty address range is none', ...made, signed('o', { more: '&temp_url_ip_range=' })),
      ...['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'COPY', 'OPTIONS'].flatMap((signedMethod) => [
        scenario(
          `what was signed for ${signedMethod} and the other methods`,
          ...made,
          ...['HEAD', 'GET', 'PUT', 'POST', 'DELETE'].map((method) => signed('o', { method, signedMethod })),
        ),
      ]),
      scenario('the second key of a container', ...made, signed('o', { key: 'key 2' })),
      scenario('another key', ...made, signed('o', { key: 'other' })),
      scenario('no key at all', put('{c}'), put('{c}/o', { body: 'x' }), signed('o')),
      scenario('a container that is not there', signed('o')),
      scenario('an object that is not there', container, signed('o'), signed('o', { method: 'HEAD' })),
      scenario('a signature for another object', ...made, signed('o', { signed: `${ACCOUNT}/{c}/other` })),
      scenario(
        'a name with blanks and accents',
        container,
        put('{c}/a%20b/caf%C3%A9', { body: 'x' }),
        signed('a%20b/caf%C3%A9'),
      ),
      scenario('a name that ends in a slash', container, put('{c}/dir/', { body: 'x' }), signed('dir/')),
      scenario('a name of slashes alone', container, signed('//')),
      scenario(
        'prefixes',
        container,
        put('{c}/pre/a', { body: 'x' }),
        signed('pre/a', { signed: `prefix:${ACCOUNT}/{c}/pre`, more: '&temp_url_prefix=pre' }),
        signed('pre/a', { signed: `prefix:${ACCOUNT}/{c}/`, more: '&temp_url_prefix=' }),
        signed('pre/a', { signed: `prefix:${ACCOUNT}/{c}/q`, more: '&temp_url_prefix=q' }),
        signed('pre/a', { signed: `prefix:${ACCOUNT}/{c}/pre` }),
        signed('pre/a', { more: '&temp_url_prefix=pre' }),
        signed('pre/a', { signed: `prefix:${ACCOUNT}/{c}/pre`, more: '&temp_url_prefix=pre&temp_url_prefix=x' }),
      ),
      scenario(
        'a PUT, and what it may not bring',
        container,
        signed('new', { method: 'PUT', rest: { body: 'new' } }),
        ...['X-Object-Manifest', 'X-Symlink-Target', 'X-Copy-From', 'x-object-manifest'].map((name) =>
          signed('new', { method: 'PUT', rest: { body: 'x', headers: { [name]: '{c}/x' } } }),
        ),
        signed('new', { method: 'POST', rest: { headers: { 'X-Object-Manifest': '{c}/x' } } }),
        signed('new', { method: 'GET', rest: { headers: { 'X-Object-Manifest': '{c}/x' } } }),
        get('{c}/new'),
      ),
      scenario(
        'a PUT whose time is the past does not get it',
        container,
        signed('t', { method: 'PUT', rest: { body: 'x', headers: { 'X-Timestamp': '1.00000' } } }),
      ),
      scenario(
        'metadata in a POST',
        ...made,
        signed('o', { method: 'POST', rest: { headers: { 'X-Object-Meta-A': 'b' } } }),
        head('{c}/o'),
      ),
      scenario(
        'a disposition of the object',
        container,
        put('{c}/d', { body: 'x', headers: { 'Content-Disposition': 'inline; filename="x"' } }),
        signed('d'),
        signed('d', { more: '&inline' }),
        signed('d', { more: '&filename=y' }),
      ),
      scenario(
        'ranges and conditions',
        ...made,
        signed('o', { rest: { headers: { Range: 'bytes=1-2' } } }),
        signed('o', { rest: { headers: { Range: 'bytes=9-' } } }),
        signed('o', { rest: { headers: { 'If-None-Match': '5d41402abc4b2a76b9719d911017c592' } } }),
      ),
      scenario(
        'a signature without a time, a time without a signature',
        ...made,
        send('GET', '{c}/o?temp_url_sig=aa', { as: 'none' }),
        send('GET', '{c}/o?temp_url_expires=1999999999', { as: 'none' }),
        send('HEAD', '{c}/o?temp_url_expires=1999999999', { as: 'none' }),
        get('{c}/o?temp_url_prefix=o'),
        get('{c}/o?filename=x'),
      ),
      scenario('a token does not help a bad URL', ...made, get('{c}/o?temp_url_sig=aa&temp_url_expires=1999999999')),
      scenario(
        'names of parameters may be encoded, and the first counts',
        ...made,
        get('{c}/o?temp%5Furl_sig=aa&temp_url_expires=1999999999'),
        signed('o', { more: '&temp_url_expires=1' }),
        signed('o', { more: '&temp_url_sig=aa' }),
      ),
      scenario(
        'containers and accounts have no temporary URLs',
        ...made,
        (context) => ({
          ...signed('')(context),
          path: `${ACCOUNT}/${context.c}?temp_url_sig=${'a'.repeat(64)}&temp_url_expires=1999999999`,
        }),
        send('GET', '/v1/AUTH_test?temp_url_sig=aa&temp_url_expires=1999999999', { as: 'none' }),
      ),
      scenario('a version that is not v1', ...made, ({ c }) => ({
        method: 'GET',
        as: 'none',
        path: `/v1.0/AUTH_test/${c}/o?temp_url_sig=${'a'.repeat(64)}&temp_url_expires=1999999999`,
      })),
      scenario('OPTIONS passes', ...made, send('OPTIONS', '{c}/o?temp_url_sig=aa&temp_url_expires=1', { as: 'none' })),
      scenario(
        'a manifest is read within its container',
        container,
        put('{c}/s/1', { body: 'a' }),
        put('{c}/s/2', { body: 'b' }),
        put('{c}/m', { headers: { 'X-Object-Manifest': '{c}/s/' } }),
        signed('m'),
      ),
      scenario(
        'a manifest is not read outside of its container',
        container,
        put('{c}2'),
        put('{c}2/s/1', { body: 'a' }),
        put('{c}/m', { headers: { 'X-Object-Manifest': '{c}2/s/' } }),
        signed('m'),
      ),
      scenario(
        'an expiry date far away',
        ...made,
        signed('o', { expires: 253402300800 }),
        signed('o', { expires: 4102444800 }),
      ),
      scenario(
        'keys of the account',
        post('/v1/AUTH_test', { headers: { 'X-Account-Meta-Temp-Url-Key': 'account key' } }),
        ...made,
        signed('o', { key: 'account key' }),
        signed('o', { key: 'account key', method: 'PUT', rest: { body: 'x' } }),
      ),
    ],
  },
  {
    config: {
      proxy: {
        'filter:tempurl': {
          methods: 'GET PUT',
          incoming_remove_headers: 'x-object-meta-* content-encoding',
          incoming_allow_headers: 'x-object-meta-ok-*',
          outgoing_remove_headers: '*',
          outgoing_allow_headers: 'content-* x-object-meta-ok-a',
          allowed_digests: 'SHA512 md5',
          path_prefix: '/proxy/',
        },
        'filter:formpost': { allowed_digests: 'sha256' },
      },
    },
    scenarios: [
      scenario(
        'methods, digests and the prefix of paths',
        ...made,
        signed('o', { digest: 'sha512', signed: `/proxy${ACCOUNT}/{c}/o` }),
        signed('o', { digest: 'sha512' }),
        signed('o', { digest: 'sha256', signed: `/proxy${ACCOUNT}/{c}/o` }),
        signed('o', { digest: 'sha512', method: 'HEAD', signed: `/proxy${ACCOUNT}/{c}/o` }),
        signed('o', { digest: 'sha512', signed: `/proxyprefix:${ACCOUNT}/{c}/o`, more: '&temp_url_prefix=o' }),
      ),
      scenario(
        'headers of requests',
        container,
        signed('h', {
          method: 'PUT',
          digest: 'sha512',
          signed: `/proxy${ACCOUNT}/{c}/h`,
          rest: {
            body: 'x',
            headers: {
              'X-Object-Meta-A': '1',
              'X-Object-Meta-Ok-A': '2',
              'X-Object-Meta-Ok-B': '3',
              'Content-Encoding': 'gzip',
            },
          },
        }),
        head('{c}/h'),
        signed('h', { digest: 'sha512', signed: `/proxy${ACCOUNT}/{c}/h` }),
      ),
    ],
  },
];
