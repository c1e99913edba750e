/**
 * Gives user-written modules this installation's own `apus/middleware` and `apus/testing`, wherever they lie and whether or not a copy is
 * installed beside them: with a second copy an HttpError of theirs would be no HttpError here.
 */

import { registerHooks } from 'node:module';
import { extname } from 'node:path';

const extension = extname(import.meta.filename);

/** What packages import, with the modules that it stands for. */
const OWN_MODULES: ReadonlyMap<string, string> = new Map([
  ['apus/middleware', new URL(`../middleware-api${extension}`, import.meta.url).href],
  ['apus/testing', new URL(`../testing${extension}`, import.meta.url).href],
]);

let provided = false;

/** From here on `import` and `require` of these names find them. For the whole process; later calls change nothing. */
export function provideOwnModules(): void {
  if (provided) return;
  provided = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = OWN_MODULES.get(specifier);
      return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
    },
  });
}
