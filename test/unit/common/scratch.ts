import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { supportsUserXattrs } from '../../../src/common/system-calls.ts';

/** A folder for one test, on a file system with user xattrs: the temporary folder, else `var` of the checkout. */
export function scratchDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(base(), 'apus-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

let chosen: string | undefined;

function base(): string {
  if (chosen !== undefined) return chosen;
  const fallback = join(import.meta.dirname, '../../../var/test');
  if (supportsUserXattrs(tmpdir())) return (chosen = tmpdir());
  mkdirSync(fallback, { recursive: true });
  if (!supportsUserXattrs(fallback)) throw new Error(`neither ${tmpdir()} nor ${fallback} has user xattrs`);
  return (chosen = fallback);
}
