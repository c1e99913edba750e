import type { Conf, FilterFactory, Handler } from '../http/contract.ts';
import { type FakeHost, fakeHost } from './fake-host.ts';

/** Puts a filter with these options around `app`. `globalConf` stands for [DEFAULT]. Throws what the factory throws. */
export async function load(
  filterFactory: FilterFactory,
  options: Conf,
  app: Handler,
  host: FakeHost = fakeHost(),
  globalConf: Conf = {},
): Promise<Handler> {
  const filter = await filterFactory(globalConf, options, host);
  return filter(app);
}
