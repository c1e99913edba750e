import { createHmac } from 'node:crypto';
import { type Area, get, head, put, scenario, send, type Step, type StepContext } from '../scenario.ts';

const FAR = 1_999_999_999;

type File = readonly [name: string, content: string, headers?: string];

interface Form {
  prefix?: string;
  redirect?: string;
  size?: string;
  count?: string;
  expires?: string;
  key?: string;
  digest?: string;
  base64?: boolean;
  signature?: string;
  files?: readonly File[];
  /** Parts in front of the files. */
  more?: string;
  end?: string;
  change?: (body: string) => string;
  type?: string;
  headers?: Step['headers'];
  differs?: Step['differs'];
}

const field = (name: string, value: string): string =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const filePart = ([name, content, headers = '']: File, at: number): string =>
  `--XX\r\nContent-Disposition: form-data; name="file${at}"; filename="${name}"\r\n${headers}\r\n${content}\r\n`;

/** A form for container `{c}`, whose key is `key`. */
function form(wish: Form = {}): (context: StepContext) => Step {
  return (context) => {
    const { c } = context;
    const { prefix = '/p', redirect = '', size = '100', count = '2', expires = String(FAR), key = 'key' } = wish;
    const { digest = 'sha256', files = [['f', 'content']], more = '', end = '--XX--\r\n', change } = wish;
    const path = `/v1/AUTH_test/${c}${prefix}`;
    const hmac = createHmac(digest, key).update([path, redirect, size || '0', count || '0', expires || '0'].join('\n'));
    const computed = wish.base64 === true ? `${digest}:${hmac.digest('base64')}` : hmac.digest('hex');
    const given = wish.signature ?? computed;
    const signature = given === '' ? '' : context.hide('signature', given);
    const fields = [field('max_file_size', size), field('max_file_count', count), field('expires', expires)];
    if (redirect !== '') fields.unshift(field('redirect', redirect));
    const body = [...fields, field('signature', signature), more, ...files.map(filePart), end].join('');
    return {
      method: 'POST',
      path,
      as: 'none',
      headers: { 'Content-Type': wish.type ?? 'multipart/form-data; boundary=XX', ...wish.headers },
      body: Buffer.from(change === undefined ? body : change(body), 'latin1'),
      ...(wish.differs === undefined ? undefined : { differs: wish.differs }),
    };
  };
}

const container = put('{c}', {
  headers: { 'X-Container-Meta-Temp-Url-Key': 'key', 'X-Container-Meta-Temp-Url-Key-2': 'key2' },
});
const listing = get('{c}?prefix=');
const REDIRECTED = {
  differs: {
    reason: 'the page that goes with a redirect says that it is HTML',
    headers: { 'Content-Type': 'text/html; charset=UTF-8' },
  },
} as const;

const wishes: readonly (readonly [string, Form])[] = [
  ['a file', {}],
  [
    'two files',
    {
      files: [
        ['a', '1'],
        ['b', '2'],
      ],
    },
  ],
  [
    'one file too many',
    {
      count: '1',
      files: [
        ['a', '1'],
        ['b', '2'],
      ],
    },
  ],
  [
    'one file too many, and a redirect',
    {
      count: '1',
      files: [
        ['a', '1'],
        ['b', '2'],
      ],
      redirect: 'http://x/',
      ...REDIRECTED,
    },
  ],
  ['no files', { files: [] }],
  ['no files, and a redirect', { files: [], redirect: 'http://x/', ...REDIRECTED }],
  ['an empty file', { files: [['a', '']] }],
  ['a file of just the size', { size: '7' }],
  ['a file one byte too large', { size: '6' }],
  ['a file too large, and a redirect', { size: '6', redirect: 'http://x/' }],
  [
    'a second file that is too large',
    {
      size: '2',
      files: [
        ['a', '1'],
        ['b', '123'],
      ],
    },
  ],
  ['a redirect', { redirect: 'http://x/y', ...REDIRECTED }],
  ['a redirect with a query', { redirect: 'http://x/y?z=1', ...REDIRECTED }],
  ['a bad signature', { signature: 'a'.repeat(64) }],
  ['a bad signature, and a redirect', { signature: 'a'.repeat(64), redirect: 'http://x/' }],
  ['no signature', { signature: '' }],
  ['a signature that is none', { signature: 'zz' }],
  ['the second key', { key: 'key2' }],
  ['another key', { key: 'other' }],
  ...['sha1', 'sha256', 'sha512'].flatMap((digest): [string, Form][] => [
    [`${digest} in hex`, { digest }],
    [`${digest} in base64`, { digest, base64: true }],
  ]),
  ['a form that has expired', { expires: '1' }],
  ['a time that is none', { expires: 'soon' }],
  ['an ISO time', { expires: '2033-05-18T03:33:19Z' }],
  ['no time', { expires: '' }],
  ['a size that is none', { size: 'big' }],
  ['no size', { size: '' }],
  ['a negative size', { size: '-1' }],
  ['a count that is none', { count: 'many' }],
  ['no count', { count: '' }],
  ['x_delete_at that is none', { more: field('x_delete_at', 'soon') }],
  ['x_delete_at that is over', { more: field('x_delete_at', '5') }],
  ['x_delete_at', { more: field('x_delete_at', '4102444800') }],
  ['x_delete_at that is empty', { more: field('x_delete_at', '') }],
  ['x_delete_after that is none', { more: field('x_delete_after', 'x') }],
  ['x_delete_after that is negative', { more: field('x_delete_after', '-5') }],
  ['a type of the file', { files: [['a', '1', 'Content-Type: text/x\r\n']] }],
  ['an encoding of the file', { files: [['a', '1', 'Content-Encoding: gzip\r\n']] }],
  ['a type of the form', { more: field('content-type', 'text/y'), files: [['a', '1', 'Content-Type: text/x\r\n']] }],
  ['an empty type of the form', { more: field('content-type', ''), files: [['a', '1', 'Content-Type: text/x\r\n']] }],
  ['an encoding of the form', { more: field('Content-Encoding', 'br') }],
  ['attributes behind the file', { end: `${field('content-type', 'text/late')}--XX--\r\n` }],
  ['an attribute twice', { more: field('content-type', 'text/1') + field('Content-Type', 'text/2') }],
  ['a long attribute', { more: field('other', 'x'.repeat(5000)) }],
  ['a name with accents', { files: [[Buffer.from('caf\u00e9').toString('latin1'), 'x']] }],
  ['a name with blanks and quotes', { files: [['a b \\"c\\".txt', 'x']] }],
  [
    'a name with a path',
    {
      files: [
        ['C:\\dir\\a.txt', 'x'],
        ['../../a', 'y'],
      ],
    },
  ],
  ['a name with a semicolon', { files: [['a;b.txt', 'x']] }],
  ['a name that is empty', { files: [['', 'x']] }],
  ['the container alone', { prefix: '' }],
  ['the container with a slash', { prefix: '/' }],
  ['a prefix with a slash', { prefix: '/a/b/' }],
  ['bytes before the boundary', { change: (body) => `junk\r\n${body}` }],
  ['blank lines before the boundary', { change: (body) => `\r\n\r\n${body}` }],
  ['nothing', { change: () => '' }],
  ['the last boundary alone', { change: () => '--XX--\r\n' }],
  ['no last boundary', { end: '' }],
  ['a file that is cut', { change: (body) => body.slice(0, body.indexOf('content') + 4) }],
  ['a head that is cut', { change: (body) => body.slice(0, body.indexOf('filename=') + 9) }],
  ['something behind the last boundary', { end: '--XX--\r\nmore' }],
  ['lines that end in LF', { change: (body) => body.replaceAll('\r\n', '\n') }],
  ['blanks behind the first boundary', { change: (body) => body.replace('--XX\r\n', '--XX  \r\n') }],
  ['a first boundary that ends in LF', { change: (body) => body.replace('--XX\r\n', '--XX\n') }],
  ['the boundary inside of a file', { files: [['a', 'x--XXy\r\n-XX\r\n--X\r\nz']] }],
  ['a part without a head', { more: '--XX\r\n\r\nvalue\r\n' }],
  ['a part whose head has no blank line', { more: '--XX\r\nContent-Disposition: form-data; name="x"\r\n' }],
  ['a part without a name', { more: '--XX\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n' }],
  ['a head that is none', { more: '--XX\r\nnonsense\r\nContent-Disposition: form-data; name="expires"\r\n\r\n1\r\n' }],
  [
    'a file that is no form data',
    { change: (body) => body.replace('form-data; name="file0"', 'attachment; name="file0"') },
  ],
  [
    'a disposition in upper case',
    { change: (body) => body.replace('form-data; name="file0"', 'Form-Data; name="file0"') },
  ],
  [
    'names of headers in other cases',
    { change: (body) => body.replaceAll('Content-Disposition', 'content-DISPOSITION') },
  ],
  ['values without quotes', { change: (body) => body.replace('"f"', 'f') }],
  ['filename*', { change: (body) => body.replace('filename="f"', "filename*=UTF-8''f") }],
  ['a boundary in quotes', { type: 'multipart/form-data; boundary="XX"' }],
  ['another boundary', { type: 'multipart/form-data; boundary=YY' }],
  ['no boundary', { type: 'multipart/form-data' }],
  ['an empty boundary', { type: 'multipart/form-data; boundary=""' }],
  ['a charset in front of the boundary', { type: 'multipart/form-data; charset=utf-8; boundary=XX' }],
  ['a type in upper case', { type: 'Multipart/Form-Data; boundary=XX' }],
  ['another type', { type: 'multipart/mixed; boundary=XX' }],
];

export const area: Area = [
  {
    scenarios: [
      ...wishes.map(([name, wish]) => scenario(`a form with ${name}`, container, form(wish), listing)),
      scenario(
        'what is stored',
        container,
        form({ files: [['f.txt', 'a\r\nb\r\n']], more: field('x_delete_at', '4102444800') }),
        get('{c}/pf.txt'),
      ),
      scenario('a type that is guessed', container, form({ files: [['f.html', 'x']] }), head('{c}/pf.html')),
      scenario('a container without a key', put('{c}'), form(), listing),
      scenario('a container that is not there', form()),
      scenario('the account', (context) => ({ ...form()(context), path: '/v1/AUTH_test' })),
      scenario(
        'bytes that are not UTF-8 in an attribute',
        container,
        form({
          more: field('x', '\xff\xfe'),
          differs: {
            reason: 'Python fails with 500 on an attribute that is not UTF-8',
            status: '201 Created',
            headers: { 'Content-Length': '11' },
            body: '201 Created',
          },
        }),
      ),
      scenario(
        'a redirect that breaks out of its header',
        container,
        form({
          redirect: 'http://x/\r\nX-Evil: 1',
          differs: {
            reason: 'Python lets a form add headers to the answer',
            headers: {
              'Content-Type': 'text/html; charset=UTF-8',
              Location: 'http://x/%0D%0AX-Evil: 1?status=201&message=',
              'X-Evil': null,
              'Content-Length': '112',
            },
            body: '<html><body><p><a href="http://x/%0D%0AX-Evil: 1?status=201&message=">Click to continue...</a></p></body></html>',
          },
        }),
      ),
      scenario(
        'CORS',
        put('{c}', {
          headers: {
            'X-Container-Meta-Temp-Url-Key': 'key',
            'X-Container-Meta-Access-Control-Allow-Origin': 'http://o',
          },
        }),
        form({ headers: { Origin: 'http://o' } }),
        form({ headers: { Origin: 'http://other' } }),
      ),
      scenario('a form that is chunked', container, (context) => ({ ...form()(context), chunked: true }), listing),
      scenario(
        'other methods pass',
        container,
        send('PUT', '{c}/o', { body: '--XX\r\n', headers: { 'Content-Type': 'multipart/form-data; boundary=XX' } }),
        head('{c}/o'),
      ),
    ],
  },
];
