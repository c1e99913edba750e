import { Mapper, Router } from 'apus/web';
import { Resource } from './resource.ts';

/** Networks, subnets and ports, kept in memory. */
export class APIRouter extends Router {
  constructor() {
    const mapper = new Mapper();
    for (const [name, collection] of [
      ['network', 'networks'],
      ['subnet', 'subnets'],
      ['port', 'ports'],
    ] as const) {
      mapper.resource(collection, { controller: new Resource(name, collection) });
    }
    super(
      mapper.connect('/', {
        controller: { index: () => ({ resources: ['networks', 'subnets', 'ports'] }) },
        action: 'index',
      }),
    );
  }
}
