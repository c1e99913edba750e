import { expect, test } from 'vitest';
import { bodyStream } from '../../../../src/middleware-api.ts';
import { parsePaxRecords } from '../../../../src/middleware/bulk/tar-header.ts';
import { TarReader } from '../../../../src/middleware/bulk/tar-reader.ts';

function header(name: string, type: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write(sizeBytes.toString(8).padStart(11, '0'), 124);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const digits = [1, 2, 3, 4, 5, 6, 7].find((count) => String(rest + count).length === count) ?? 0;
  return `${rest + digits} ${key}=${value}\n`;
}

function pax(type: 'g' | 'x', records: string): Buffer {
  const data = Buffer.from(records);
  return Buffer.concat([header('pax', type, data.length), data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

async function namesOf(...blocks: Buffer[]): Promise<[string, Record<string, string>][]> {
  const reader = new TarReader(bodyStream(Buffer.concat(blocks)));
  const members: [string, Record<string, string>][] = [];
  for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
    members.push([member.name, Object.fromEntries(member.pax)]);
  }
  return members;
}

test('a global header counts for all members behind it, a later one and the own of a member before it', async () => {
  const members = await namesOf(
    pax('g', record('comment', '1') + record('a', '☃')),
    header('x', '0', 0),
    pax('g', record('comment', '2')),
    pax('x', record('comment', '3') + record('path', 'z')),
    header('y', '0', 0),
    header('w', '0', 0),
  );
  expect(members).toEqual([
    ['x', { comment: '1', a: '☃' }],
    ['z', { comment: '3', a: '☃', path: 'z' }],
    ['w', { comment: '2', a: '☃' }],
  ]);
});

test('what global headers say has a bound, and saying the same again is nothing more', async () => {
  const same = Array.from({ length: 100 }, () => pax('g', record('comment', 'x'.repeat(1000))));
  expect(await namesOf(...same, header('o', '0', 0))).toHaveLength(1);
  const other = Array.from({ length: 100 }, (_, at) => pax('g', record(`comment${at}`, 'x'.repeat(1000))));
  await expect(namesOf(...other, header('o', '0', 0))).rejects.toThrow('invalid header');
});

test.each(['6 a=b', '7 a=b\n', '5 a=b\n', '6 ab\nx', '3 =\n', 'x a=b\n', '0000000000000006 a=b\n', '6  a=b\n', '6'])(
  'the record %j is damaged',
  (text) => {
    expect(() => parsePaxRecords(Buffer.from(text))).toThrow('invalid header');
  },
);

test('a record may hold what separates records', () => {
  const text = record('a b', '=\n1 c=d\n') + record('e', '');
  expect([...parsePaxRecords(Buffer.from(text))]).toEqual([
    ['a b', '=\n1 c=d\n'],
    ['e', ''],
  ]);
});
