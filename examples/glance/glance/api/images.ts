import { createHash, randomUUID } from 'node:crypto';
import { bodyStream, HttpError, type SwiftRequest } from 'apus/middleware';
import { type Context, contextOf, writerOf } from './context.ts';

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  status: 'queued' | 'active';
  size: number;
  checksum: string | undefined;
}

/** Images of projects, kept in memory; of their data only size and checksum. */
export class Images {
  readonly #images = new Map<string, Image>();

  list(req: SwiftRequest): Image[] {
    const context = contextOf(req);
    return [...this.#images.values()].filter((image) => isVisible(image, context));
  }

  /** Throws HttpError 404. */
  find(req: SwiftRequest, id: string | undefined): Image {
    const image = this.#images.get(id ?? '');
    if (image === undefined || !isVisible(image, contextOf(req)))
      throw new HttpError(404, `No image found with ID ${id}\n`);
    return image;
  }

  create(req: SwiftRequest, name: string): Image {
    const { projectId: owner } = writerOf(req);
    const image: Image = { id: randomUUID(), name, owner, status: 'queued', size: 0, checksum: undefined };
    this.#images.set(image.id, image);
    return image;
  }

  remove(req: SwiftRequest, id: string | undefined): void {
    writerOf(req);
    this.#images.delete(this.find(req, id).id);
  }

  /** Reads an image's data, one chunk in memory at a time. */
  async upload(req: SwiftRequest, id: string | undefined): Promise<void> {
    writerOf(req);
    const image = this.find(req, id);
    const hash = createHash('md5');
    let size = 0;
    for await (const chunk of bodyStream(req.body)) {
      hash.update(chunk);
      size += chunk.length;
    }
    Object.assign(image, { size, checksum: hash.digest('hex'), status: 'active' });
  }
}

function isVisible(image: Image, { projectId }: Context): boolean {
  return image.owner === projectId;
}

/** One for all versions of the API. */
export const images: Images = new Images();
