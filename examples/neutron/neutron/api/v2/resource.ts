import { randomUUID } from 'node:crypto';
import { HttpError, readAll, type SwiftRequest, SwiftResponse } from 'apus/middleware';
import { type Result, toResponse } from 'apus/web';
import { contextOf } from '../../context.ts';

type Item = Record<string, unknown> & { readonly id: string; readonly project_id: string };
type Params = Readonly<Record<string, string>>;

const MAX_BODY_BYTES = 65_536;

/** One kind of thing. A project sees its own; an administrator sees all. */
export class Resource {
  readonly #name: string;
  readonly #collection: string;
  readonly #items = new Map<string, Item>();

  constructor(name: string, collection: string) {
    this.#name = name;
    this.#collection = collection;
  }

  index(req: SwiftRequest): Result {
    return { [this.#collection]: [...this.#items.values()].filter((item) => isVisible(item, req)) };
  }

  show(req: SwiftRequest, params: Params): Result {
    return { [this.#name]: this.#find(req, params) };
  }

  async create(req: SwiftRequest): Promise<Result> {
    const item = { ...(await this.#read(req)), id: randomUUID(), project_id: contextOf(req).projectId };
    this.#items.set(item.id, item);
    const res = await toResponse({ [this.#name]: item }, req);
    res.status = 201;
    return res;
  }

  async update(req: SwiftRequest, params: Params): Promise<Result> {
    const { id, project_id } = this.#find(req, params);
    const item = { ...this.#find(req, params), ...(await this.#read(req)), id, project_id };
    this.#items.set(id, item);
    return { [this.#name]: item };
  }

  delete(req: SwiftRequest, params: Params): Result {
    this.#items.delete(this.#find(req, params).id);
    return new SwiftResponse(204);
  }

  #find(req: SwiftRequest, { id = '' }: Params): Item {
    const item = this.#items.get(id);
    if (item === undefined || !isVisible(item, req))
      throw new HttpError(404, `${this.#name} ${id} could not be found\n`);
    return item;
  }

  /** The object below the resource's name in the body. Throws HttpError 400. */
  async #read(req: SwiftRequest): Promise<Record<string, unknown>> {
    let body: unknown;
    try {
      body = JSON.parse((await readAll(req.body, MAX_BODY_BYTES)).toString('utf8'));
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
      throw new HttpError(400, 'Malformed request body\n');
    }
    const item: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, this.#name) : undefined;
    if (typeof item !== 'object' || item === null)
      throw new HttpError(400, `Unable to find '${this.#name}' in request body\n`);
    return { ...item };
  }
}

function isVisible(item: Item, req: SwiftRequest): boolean {
  const { projectId, roles } = contextOf(req);
  return item.project_id === projectId || roles.includes('admin');
}
