/** Content-Disposition of what is fetched by a temporary URL: a file to be saved, unless somebody says otherwise. */

import { quote } from '../../middleware-api.ts';

/** `attachment; filename="a b"; filename*=UTF-8''a%20b`: the name percent-encoded for old clients and for new ones. */
export function formatDisposition(type: 'attachment' | 'inline', filename: string): string {
  return `${type}; filename="${quote(filename, ' /')}"; filename*=UTF-8''${quote(filename)}`;
}

export interface DispositionWishes {
  readonly filename: string | undefined;
  readonly inline: boolean;
  /** The object's own header (wire text). */
  readonly stored: string | undefined;
  /** Path of the object (native text); its last part is the name of last resort. */
  readonly path: string;
}

/** The header's value: what the URL asks for, else what the object has, else an attachment with the object's name. */
export function dispositionOf({ filename = '', inline, stored = '', path }: DispositionWishes): string {
  if (inline) return filename === '' ? 'inline' : formatDisposition('inline', filename);
  if (filename !== '') return formatDisposition('attachment', filename);
  if (stored !== '') return stored;
  const bare = path.replace(/\/+$/, '');
  return formatDisposition('attachment', bare.slice(bare.lastIndexOf('/') + 1));
}
