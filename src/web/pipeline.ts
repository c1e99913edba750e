import type { Filter, Handler, Loader } from '../middleware-api.ts';

/**
 * For composites that choose a pipeline: loads filters and, last, an app by their names, separated by blanks, and puts them together. Throws
 * ConfigError for a name that the config does not have.
 */
export async function loadPipeline(loader: Loader, list: string): Promise<Handler> {
  const names = list.trim().split(/\s+/);
  let app = await loader.getApp(names.pop());
  const filters: Filter[] = [];
  for (const name of names) filters.push(await loader.getFilter(name));
  for (const filter of filters.reverse()) app = await filter(app);
  return app;
}
