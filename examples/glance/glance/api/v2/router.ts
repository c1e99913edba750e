import { HttpError, readAll, type SwiftRequest, SwiftResponse } from 'apus/middleware';
import { Mapper, type Result, Router, toResponse } from 'apus/web';
import { images } from '../images.ts';

type Params = Readonly<Record<string, string>>;

class ImagesController {
  index(req: SwiftRequest): Result {
    return { images: images.list(req) };
  }

  show(req: SwiftRequest, { id }: Params): Result {
    return images.find(req, id);
  }

  async create(req: SwiftRequest): Promise<Result> {
    const image = images.create(req, await nameIn(req));
    const res = await toResponse(image, req);
    res.status = 201;
    return res;
  }

  delete(req: SwiftRequest, { id }: Params): Result {
    images.remove(req, id);
    return new SwiftResponse(204);
  }

  async upload(req: SwiftRequest, { id }: Params): Promise<Result> {
    await images.upload(req, id);
    return new SwiftResponse(204);
  }
}

async function nameIn(req: SwiftRequest): Promise<string> {
  const text = (await readAll(req.body)).toString('utf8');
  try {
    const { name } = JSON.parse(text) as { name?: unknown };
    if (typeof name === 'string') return name;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HttpError(400, 'expected a JSON object with a name\n');
}

export class API extends Router {
  constructor() {
    const controller = new ImagesController();
    super(
      new Mapper()
        .connect('/images/:id/file', { controller, action: 'upload', methods: ['PUT'] })
        .resource('images', { controller }),
    );
  }
}
