/** Modules that this process gives to user-written ones by name, wherever those lie and whatever is installed beside them. */

import { registerHooks, type ModuleHooks } from 'node:module';

const provided = new Map<string, string>();
let hooks: ModuleHooks | undefined;

/** From here on `import` and `require` of these names find these URLs. For the whole process; it may be called again. */
export function provideModules(urls: ReadonlyMap<string, string>): void {
  for (const [name, url] of urls) provided.set(name, url);
  putProvidedModulesFirst();
}

/** Hooks that are registered later are asked earlier: to be called after another's were, which would make copies of the modules. */
export function putProvidedModulesFirst(): void {
  if (provided.size === 0) return;
  hooks?.deregister();
  hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = provided.get(specifier);
      return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
    },
  });
}
