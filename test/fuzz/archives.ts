/** Small archives, one character for each byte. */

import { gzipSync } from 'node:zlib';

const BLOCK = 512;

function header(name: string, size: number): string {
  const fields = [
    name.slice(0, 100).padEnd(100, '\0'),
    '0000644\0'.repeat(1),
    '0000000\0'.repeat(2),
    `${size.toString(8).padStart(11, '0')}\0`,
    '00000000000\0',
    ' '.repeat(8),
    '0',
    '\0'.repeat(100),
    'ustar\x0000',
  ];
  const text = fields.join('').padEnd(BLOCK, '\0');
  const sum = [...text].reduce((total, char) => total + char.charCodeAt(0), 0);
  return `${text.slice(0, 148)}${sum.toString(8).padStart(6, '0')}\0 ${text.slice(156)}`;
}

/** A tar file of `[name, content]`. */
export function tarOf(files: readonly (readonly [name: string, content: string])[]): string {
  const members = files.map(
    ([name, content]) => header(name, content.length) + content.padEnd(Math.ceil(content.length / BLOCK) * BLOCK, '\0'),
  );
  return members.join('') + '\0'.repeat(2 * BLOCK);
}

export function gzipped(text: string): string {
  return gzipSync(Buffer.from(text, 'latin1')).toString('latin1');
}

/** What bzip2 makes of nothing. */
export const bzip2Empty = 'BZh9\x17rE8P\x90\0\0\0\0';
