import { HttpError } from './response.ts';

/** The client closed the connection, or sent fewer bytes than it promised. */
export class ClientDisconnect extends HttpError {
  constructor() {
    super(499);
  }
}

/** Nothing arrived from the client for `client_timeout`. */
export class ChunkReadTimeout extends HttpError {
  constructor() {
    super(408);
  }
}

/** A chunked body that breaks the rules of chunked transfer. */
export class ChunkReadError extends HttpError {
  constructor(reason: string) {
    super(400, `Invalid chunked body: ${reason}`);
  }
}
