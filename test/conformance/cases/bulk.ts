/** Bulk deletion and extraction: reports in every form, odd lists, odd archives. */

import { gzipSync } from 'node:zlib';
import { type Area, get, head, post, put, scenario, send, type StepSource } from '../scenario.ts';

interface Entry {
  readonly name: string;
  readonly data?: string;
  readonly type?: string;
}

/** A tar archive in the format of ustar, its checksums wrong by `off`. */
function tar(entries: readonly Entry[], off = 0): Buffer {
  const blocks = entries.flatMap(({ name, data = '', type = '0' }) => {
    const block = Buffer.alloc(512);
    const content = Buffer.from(data);
    block.write(name);
    block.write('0000644\0', 100, 'latin1');
    block.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    block.write('00000000000\0        ', 136, 'latin1');
    block.write(`${type}`, 156, 'latin1');
    block.write('ustar\u000000', 257, 'latin1');
    const sum = block.reduce((total, byte) => total + byte, off);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The pax header before a member. */
function pax(records: Record<string, string>): Entry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    const length = rest + String(rest + String(rest).length).length;
    return `${length} ${key}=${value}\n`;
  });
  return { name: 'PaxHeaders/x', type: 'x', data: lines.join('') };
}

const JSON_REPORT = { Accept: 'application/json' };
const FORMS = ['text/plain', 'application/json', 'application/xml', 'text/xml', '*/*', 'image/png', 'nonsense', ''];
const FILES: Entry[] = [
  { name: 'one', data: 'hello' },
  { name: './d/two', data: 'x'.repeat(700) },
  { name: '/three' },
  { name: 'd/', type: '5' },
  { name: 'link', type: '2' },
];

function remove(list: string | Buffer, headers: Record<string, string> = {}): StepSource {
  return post('?bulk-delete', { body: list, headers: { 'Content-Type': 'text/plain', ...JSON_REPORT, ...headers } });
}

function extract(path: string, body: Buffer | string, type = 'tar', headers: Record<string, string> = {}): StepSource {
  return put(`${path}?extract-archive=${type}`, { body, headers: { ...JSON_REPORT, ...headers } });
}

const whole = tar(FILES);

export const area: Area = [
  {
    scenarios: [
      scenario(
        'a list is deleted and reported on in the form that is accepted',
        put('{c}'),
        ...FORMS.flatMap((accept): StepSource[] => [
          put('{c}/o', { body: 'x' }),
          ({ c }) =>
            post('?bulk-delete', {
              body: `/${c}/o\n${c}/nope\n/${c}x\n`,
              headers: { 'Content-Type': 'text/plain', Accept: accept },
            }),
        ]),
        get('{c}'),
      ),
      scenario(
        'lists that are odd',
        put('{c}'),
        put('{c}/o', { body: 'x' }),
        remove(''),
        remove('\n\n  \n'),
        remove('/nope/x', { 'Content-Type': 'application/json' }),
        remove(`/nope/${'a'.repeat(5000)}\n`),
        remove('\n'.repeat(10_001)),
        ({ c }) => post('?bulk-delete', { body: `/${c}/%ff\n`, headers: JSON_REPORT }),
        ({ c }) => post('?bulk-delete', { body: `/${c}\n`, headers: JSON_REPORT }),
        ({ c }) => send('DELETE', '{c}?bulk-delete=1', { body: `  /${c}/o \r\n${c}`, headers: JSON_REPORT }),
        ({ c }) => post('?bulk-delete', { body: `/${c}/o`, headers: JSON_REPORT, as: 'none' }),
        post('/v1?bulk-delete', { body: 'x', headers: JSON_REPORT }),
      ),
      scenario(
        'an archive becomes objects',
        extract('{c}', whole),
        get('{c}'),
        extract('{c}/some/prefix/', gzipSync(whole), 'tar.gz'),
        get('{c}?prefix=some/'),
        extract('{c}', whole, '.TAR.'),
        ...FORMS.map((accept) => extract('{c}', whole, 'tar', { Accept: accept })),
        extract('{c}', whole, 'zip'),
        put('{c}?extract-archive=tar', { body: whole, headers: JSON_REPORT, as: 'none' }),
        put('{c}?extract-archive=tar', { body: whole, headers: JSON_REPORT, as: 'tester2' }),
      ),
      scenario(
        'attributes and headers become metadata',
        extract(
          '{c}',
          tar([
            pax({
              'SCHILY.xattr.user.mime_type': 'foo/bar',
              'SCHILY.xattr.user.meta.lunch': 'burger and fries',
              'LIBARCHIVE.xattr.user.meta.dinner': 'zítí',
              'SCHILY.xattr.user.stuff': 'whee',
            }),
            { name: 'a', data: '1' },
            { name: 'b.txt', data: '2' },
          ]),
          'tar',
          { 'X-Object-Meta-Lunch': 'soup', 'X-Object-Meta-Tea': 'cake', 'Content-Type': 'my/type' },
        ),
        head('{c}/a'),
        head('{c}/b.txt'),
        get('{c}/a'),
      ),
      scenario(
        'archives that are none, or damaged',
        ...['', 'hello', 'hello '.repeat(200)].flatMap((body) =>
          ['tar', 'tar.gz', 'tar.bz2'].map((type) => extract('{c}', body, type)),
        ),
        extract('{c}', Buffer.alloc(10_240)),
        extract('{c}', tar(FILES, 1)),
        extract('{c}', gzipSync(whole)),
        extract('{c}', whole, 'tar.bz2'),
        extract('{c}', tar([{ name: 'd/', type: '5' }])),
        extract('{c}', whole.subarray(0, 1700)),
        extract('{c}', whole.subarray(0, 512 + 512 + 512)),
        put('{c}?extract-archive=tar.gz', {
          body: gzipSync(whole).subarray(0, 60),
          headers: JSON_REPORT,
          differs: {
            reason: 'what is cut off inside its compression is told as such',
            body: '{"Response Status": "400 Bad Request", "Response Body": "Invalid Tar File: unexpected end of data", "Number Files Created": 0, "Errors": []}',
          },
        }),
      ),
    ],
  },
];
