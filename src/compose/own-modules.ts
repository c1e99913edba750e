/**
 * Gives user-written modules this installation's own `apus/middleware`, `apus/web` and `apus/testing`: with a copy that is installed beside them an
 * HttpError of theirs would be no HttpError here. Without any copy they need none.
 */

import { extname } from 'node:path';
import { provideModules } from '../paste/provided-modules.ts';

const extension = extname(import.meta.filename);

const OWN_MODULES: ReadonlyMap<string, string> = new Map([
  ['apus/middleware', new URL(`../middleware-api${extension}`, import.meta.url).href],
  ['apus/testing', new URL(`../testing${extension}`, import.meta.url).href],
  ['apus/web', new URL(`../web${extension}`, import.meta.url).href],
]);

let isProvided = false;

/** To be called before a config is read. For the whole process; later calls change nothing. */
export function provideOwnModules(): void {
  if (isProvided) return;
  isProvided = true;
  provideModules(OWN_MODULES);
}
