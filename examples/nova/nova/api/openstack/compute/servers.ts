import { randomUUID } from 'node:crypto';
import { HttpError, readAll, type SwiftRequest, SwiftResponse } from 'apus/middleware';
import { type Result, toResponse } from 'apus/web';
import { contextOf } from '../../context.ts';

interface Server {
  readonly id: string;
  readonly name: string;
  status: 'ACTIVE' | 'REBOOT';
}

type Params = Readonly<Record<string, string>>;

/** Servers of projects, kept in memory. */
export class Servers {
  /** By project, then by id. */
  readonly #servers = new Map<string, Map<string, Server>>();

  index(req: SwiftRequest, params: Params): Result {
    const servers = [...this.#of(req, params).values()];
    return { servers: servers.map(({ id, name }) => ({ id, name })) };
  }

  detail(req: SwiftRequest, params: Params): Result {
    return { servers: [...this.#of(req, params).values()] };
  }

  show(req: SwiftRequest, params: Params): Result {
    return { server: this.#find(req, params) };
  }

  async create(req: SwiftRequest, params: Params): Promise<Result> {
    const given = await jsonOf(req, 'server');
    const name = given['name'];
    if (typeof name !== 'string' || name === '') throw new HttpError(400, 'Server name is not defined');
    const server: Server = { id: randomUUID(), name, status: 'ACTIVE' };
    this.#of(req, params).set(server.id, server);
    const res = await toResponse({ server }, req);
    res.status = 202;
    return res;
  }

  delete(req: SwiftRequest, params: Params): Result {
    this.#of(req, params).delete(this.#find(req, params).id);
    return undefined;
  }

  /** `{"reboot": {}}` */
  async action(req: SwiftRequest, params: Params): Promise<Result> {
    const server = this.#find(req, params);
    await jsonOf(req, 'reboot');
    server.status = 'REBOOT';
    return new SwiftResponse(202);
  }

  #of(req: SwiftRequest, { project_id: project = '' }: Params): Map<string, Server> {
    if (contextOf(req).projectId !== project) throw new HttpError(403, 'Not your project');
    let servers = this.#servers.get(project);
    if (servers === undefined) this.#servers.set(project, (servers = new Map()));
    return servers;
  }

  #find(req: SwiftRequest, params: Params): Server {
    const server = this.#of(req, params).get(params['id'] ?? '');
    if (server === undefined) throw new HttpError(404, 'The resource could not be found.');
    return server;
  }
}

/** The object below a name in the body. Throws HttpError 400. */
async function jsonOf(req: SwiftRequest, name: string): Promise<Record<string, unknown>> {
  const text = (await readAll(req.body)).toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new HttpError(400, 'cannot understand JSON');
  }
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  if (typeof value !== 'object' || value === null) throw new HttpError(400, `expected an object ${name}`);
  return { ...value };
}
