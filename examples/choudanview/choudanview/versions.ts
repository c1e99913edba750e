import { type SwiftRequest, SwiftResponse } from 'apus/middleware';

const VERSIONS = [
  { id: 'v1.1', status: 'CURRENT' },
  { id: 'v1.0', status: 'SUPPORTED' },
];

/** 300 Multiple Choices: a client is to choose. */
export class Versions {
  index(req: SwiftRequest): SwiftResponse {
    const versions = VERSIONS.map(({ id, status }) => ({
      id,
      status,
      links: [{ rel: 'self', href: `${req.hostUrl}/${id}/` }],
    }));
    const body = Buffer.from(JSON.stringify({ versions }));
    return new SwiftResponse(300, { 'content-type': 'application/json', 'content-length': body.length }, body);
  }
}
