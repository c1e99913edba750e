/** What a path of Swift's API names. */

/** Native text. `container` and `object` are '' when the path does not name one. */
export interface ResourcePath {
  /** `v1`, unchecked. */
  readonly version: string;
  readonly account: string;
  readonly container: string;
  /** Slashes included. */
  readonly object: string;
}

/**
 * Splits `/v1/account[/container[/object]]`. Undefined for any other path, also one with an empty segment before its last. A slash
 * behind an account or container names nothing more.
 */
export function resourcePathOf(path: string): ResourcePath | undefined {
  if (!path.startsWith('/')) return undefined;
  const versionEnd = path.indexOf('/', 1);
  if (versionEnd <= 1) return undefined;
  const version = path.slice(1, versionEnd);
  const accountEnd = endOfSegment(path, versionEnd + 1);
  if (accountEnd === versionEnd + 1) return undefined;
  const account = path.slice(versionEnd + 1, accountEnd);
  if (accountEnd >= path.length - 1) return { version, account, container: '', object: '' };
  const containerEnd = endOfSegment(path, accountEnd + 1);
  if (containerEnd === accountEnd + 1) return undefined;
  const container = path.slice(accountEnd + 1, containerEnd);
  return { version, account, container, object: path.slice(containerEnd + 1) };
}

function endOfSegment(path: string, start: number): number {
  const slash = path.indexOf('/', start);
  return slash < 0 ? path.length : slash;
}
