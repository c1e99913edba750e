import type { SwiftRequest } from 'apus/middleware';
import { Mapper, type Result, Router } from 'apus/web';
import { images } from '../images.ts';

/** What is left of the first version: lists. */
class Lists {
  index(req: SwiftRequest): Result {
    return { images: images.list(req).map(({ id, name, size }) => ({ id, name, size })) };
  }

  detail(req: SwiftRequest): Result {
    return { images: images.list(req) };
  }
}

export class API extends Router {
  constructor() {
    const controller = new Lists();
    super(
      new Mapper()
        .connect('/images/detail', { controller, action: 'detail', methods: ['GET'] })
        .connect('/images', { controller, action: 'index', methods: ['GET'] }),
    );
  }
}
