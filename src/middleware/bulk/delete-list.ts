/** The list that a bulk delete's body is: a percent-encoded name on each line. */

import { bodyStream, type DeletionTarget, HttpError, type SwiftRequest, unquote } from '../../middleware-api.ts';

export interface ListLimits {
  readonly maxNames: number;
  /** Longest line, percent-encoded. */
  readonly maxLineBytes: number;
}

/**
 * Names of the whole list, in its order; the first comes once all was read, for nothing is deleted by half of a list. Throws HttpError
 * 406 for another type than text, 411 without length, 413 and 400 beyond the limits, and what broke the body.
 */
export async function* deleteList(req: SwiftRequest, limits: ListLimits): AsyncGenerator<DeletionTarget> {
  const contentType = req.headers.get('content-type') ?? '';
  if (contentType !== '' && !contentType.startsWith('text/plain')) throw new HttpError(406);
  if (req.contentLength === null && !req.isChunked) throw new HttpError(411);
  for (const name of await readNames(req, limits)) yield { name };
}

async function readNames(req: SwiftRequest, { maxNames, maxLineBytes }: ListLimits): Promise<string[]> {
  const names: string[] = [];
  const add = (line: string): void => {
    // Blank lines count too, so that their number has a bound.
    names.push(unquote(line.replace(/^[\t-\r ]+|[\t-\r ]+$/g, '')));
    if (names.length > maxNames) throw new HttpError(413, `Maximum Bulk Deletes: ${maxNames} per request`);
  };
  let line = '';
  for await (const chunk of bodyStream(req.body)) {
    const lines = (line + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')).split('\n');
    line = lines.pop() as string;
    for (const each of [...lines, line]) if (each.length > maxLineBytes) throw new HttpError(400, 'Invalid File Name');
    lines.forEach(add);
  }
  if (line.trim() !== '') add(line);
  return names;
}
