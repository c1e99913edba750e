/** What odd clients send: values that sit on the edges of what each field may be. One character is one byte. */

const LONG = 'x'.repeat(300);

export const NUMBERS: readonly string[] = [
  ...['0', '1', '-1', '+1', '00', '1.5', '1e3', '0x10', ' 7', '7 ', '1_000', '', 'NaN', 'Infinity', '-0', '٣', '1,2'],
  ...['9007199254740993', '18446744073709551616', '99999999999999999999999999', '5368709122', '5368709123', '\xb2'],
];

export const DATES: readonly string[] = [
  ...['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994', 'yesterday', ''],
  ...['Thu, 01 Jan 9999 00:00:00 GMT', 'Thu, 32 Jan 2020 25:61:61 GMT', 'Thu, 01 Jan 1601 00:00:00 GMT', '0', '-1'],
  ...[
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00',
    '2026-13-45T99:99:99Z',
    '1969-12-31T23:59:59Z',
    '0000-00-00T00:00:00Z',
  ],
  ...['Sun, 06 Nov 1994 08:49:37 +0100', '99999999999999', '1e400'],
];

export const RANGES: readonly string[] = [
  ...[
    'bytes=0-0',
    'bytes=0-',
    'bytes=-1',
    'bytes=-0',
    'bytes=5-4',
    'bytes=',
    'bytes=-',
    'bytes',
    'lines=0-1',
    'bytes=0-0,',
  ],
  ...[
    'bytes=0-0,1-1,2-2',
    'bytes=,0-0',
    'bytes=a-b',
    'bytes=0 - 1',
    'bytes=0-99999999999999999999',
    'bytes=99999999999999999999-',
  ],
  ...[
    `bytes=${Array.from({ length: 60 }, (_, at) => `${at}-${at}`).join(',')}`,
    'bytes=0-,0-,0-',
    'Bytes=0-1',
    'bytes =0-1',
  ],
  ...['bytes=-5,0-9', 'bytes=100-,-1', 'bytes=0-0,99-', 'bytes=\xff-1', 'bytes=0-1;x'],
];

export const ETAGS: readonly string[] = [
  ...[
    '*',
    '"*"',
    '',
    '"',
    'W/"x"',
    '"d41d8cd98f00b204e9800998ecf8427e"',
    'd41d8cd98f00b204e9800998ecf8427e',
    '"a", "b"',
    ',,',
  ],
  ...['"unclosed', '\xff', LONG],
];

/** Percent-encoded names and parts of targets. */
export const NAMES: readonly string[] = [
  ...[
    'o',
    'big',
    'slo',
    'dlo',
    'none',
    'a%20b',
    '%C3%BC',
    '%FF',
    '%00',
    '%2F',
    '..',
    '.',
    '%2e%2e',
    '%',
    '%4',
    '%zz',
    '%25',
    '//',
  ],
  ...[
    'a//b',
    '/',
    ';x=y',
    'a+b',
    '%E2%82',
    '%F0%9F%98%80',
    '%ED%A0%80',
    'seg/1',
    LONG,
    'n'.repeat(1025),
    '%0A',
    '%0D%0AX:y',
    '\xff',
  ],
];

export const TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    'a',
    'true',
    'false',
    'yes',
    'None',
    '\xc3\xbc',
    '\xff\xfe',
    '%',
    '%FF',
    '%C3%BC',
    '\t',
    '"',
    "'",
    ';',
    ',',
    LONG,
  ],
  ...[
    'application/json',
    'text/plain; charset="',
    'multipart/form-data',
    'x'.repeat(5000),
    '{}',
    '[]',
    'null',
    '\x01',
    '..',
    '/',
  ],
];

export const ACLS: readonly string[] = [
  ...[
    '.r:*',
    '.r:*,.rlistings',
    '.r:-.example.com,.r:*',
    '.r:',
    '.r',
    '.x:y',
    'test:tester3',
    '*:*',
    'test:*',
    ',',
    ':',
    'a:b:c',
    '*',
  ],
  ...[
    '.referrer:*.example.com',
    '.r:-',
    '\xc3\xbc:\xff',
    '%C3%BC:x',
    Array.from({ length: 40 }, (_, at) => `a${at}:b`).join(','),
  ],
];

export const JSONS: readonly string[] = [
  ...[
    '{}',
    '[]',
    'null',
    '1',
    '"x"',
    '{',
    '[',
    '',
    '[{}]',
    '[null]',
    '[[]]',
    '[1,2]',
    '{"a":1e999}',
    '["\\ud800"]',
    '\xff',
  ],
  ...[
    '{"admin":["test:tester3"],"read-only":["*"]}',
    '{"admin":"x"}',
    '{"read-write":[1]}',
    '{"other":[]}',
    '{"admin":null}',
  ],
  ...['['.repeat(5000), `${'['.repeat(200)}${']'.repeat(200)}`, '{"a":1,"a":2}', 'NaN', '[Infinity]', '\xef\xbb\xbf[]'],
];

/** Rows of SLO manifests. */
export const SEGMENTS: readonly string[] = [
  ...[
    '{"path":"/fz/o"}',
    '{"path":"/fz/o","etag":"x"}',
    '{"path":"/fz/o","size_bytes":5}',
    '{"path":"/fz/big","range":"0-9"}',
  ],
  ...[
    '{"path":"/fz/big","range":"-1"}',
    '{"path":"/fz/big","range":"9-0"}',
    '{"path":"fz/o"}',
    '{"path":"/fz"}',
    '{"path":""}',
  ],
  ...[
    '{"path":"/fz/slo"}',
    '{"path":"/fz/none"}',
    '{"path":1}',
    '{"data":"aGVsbG8="}',
    '{"data":"!"}',
    '{"data":""}',
    '{"data":1}',
  ],
  ...[
    '{"path":"/fz/o","size_bytes":"5"}',
    '{"path":"/fz/o","size_bytes":-1}',
    '{"path":"/fz/o","size_bytes":1e99}',
    '{"path":null}',
  ],
  ...[
    '{"path":"/fz/o","range":1}',
    '{"path":"/fz/o","bogus":1}',
    '{"path":"/fz/o","size_bytes":null,"etag":null}',
    '{"path":"/\\u0000/o"}',
  ],
  ...[
    '{"path":"/fz/\\ud800"}',
    '{"path":"/fz/\\u00fc"}',
    '{"path":"/fz/o","data":"aGVsbG8="}',
    '1',
    'null',
    '[]',
    '{}',
  ],
];

export const TIMESTAMPS: readonly string[] = [
  ...[
    '1795352767.96963',
    '1795352767.96963_0000000000000001',
    '0000000000.00000',
    '9999999999.99999',
    '1',
    '-1.00000',
    '',
    'x',
    'inf',
  ],
  ...[
    '1795352767.96963_zz',
    '99999999999.00000',
    '1795352767.969631234',
    'nan',
    '1e400',
    '1795352767.96963+1+2',
    '1795352767.96963_',
  ],
];

/** What is put into bytes anywhere. */
export const TOKENS: readonly string[] = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '0',
    '1',
    '-',
    '+',
    '%',
    '%00',
    '%FF',
    '/',
    '?',
    '&',
    '=',
    '"',
    '\x7f',
    '\xff',
  ],
  ...[
    '\r\n\r\n',
    '\r\n ',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Host: h\r\n',
    'Connection: close\r\n',
  ],
  ...[
    'Expect: 100-continue\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
    'a'.repeat(200),
    'X: y\r\n'.repeat(20),
    '99999999999999999999',
    '{',
    '}',
    '[',
    ']',
  ],
];
