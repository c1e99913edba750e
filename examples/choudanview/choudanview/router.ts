import { Mapper, Router } from 'apus/web';
import { Versions } from './versions.ts';

/** One route: the versions that there are. */
export class API extends Router {
  constructor() {
    super(new Mapper().connect('/', { controller: new Versions(), action: 'index', methods: ['GET', 'HEAD'] }));
  }
}
