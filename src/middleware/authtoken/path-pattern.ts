/**
 * Patterns of paths in access rules: `*` and `{name}` stand for one segment or a part of it, `**` for anything. Users write them, so no
 * pattern may take longer than its length times that of the path; a regular expression of some `**` could take for ever.
 */

type Part = 'segment' | 'anything' | { readonly literal: string };

/** Whether the whole path (native text) is as the pattern says. */
export function matchesPathPattern(pattern: string, path: string): boolean {
  // Where in the path what was read of the pattern so far may end.
  let ends = new Uint8Array(path.length + 1);
  ends[0] = 1;
  for (const part of partsOf(pattern)) {
    ends = part === 'segment' ? afterSegment(ends, path) : afterOther(ends, path, part);
    if (!ends.includes(1)) return false;
  }
  return ends[path.length] === 1;
}

/** A brace without its fellow says nothing, as in OpenStack. */
function partsOf(pattern: string): Part[] {
  const tokens = pattern.match(/\{[^}]*\}|\*\*|\*|[^{}*]+/gs) ?? [];
  return tokens.map((token) => {
    if (token === '**') return 'anything';
    return token === '*' || token.startsWith('{') ? 'segment' : { literal: token };
  });
}

function afterSegment(ends: Uint8Array, path: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(ends.length);
  let isInside = false;
  for (let at = 0; at < path.length; at++) {
    isInside = (isInside || ends[at] === 1) && path[at] !== '/';
    if (isInside) next[at + 1] = 1;
  }
  return next;
}

function afterOther(ends: Uint8Array, path: string, part: Exclude<Part, 'segment'>): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(ends.length);
  if (part === 'anything') return next.fill(1, ends.indexOf(1));
  const { literal } = part;
  for (let at = ends.indexOf(1); at >= 0; at = ends.indexOf(1, at + 1)) {
    if (path.startsWith(literal, at)) next[at + literal.length] = 1;
  }
  return next;
}
