import { type AppFactory, type Handler, SwiftResponse } from 'apus/middleware';

const VERSIONS = [
  { id: 'v2.0', status: 'CURRENT', path: '/v2/' },
  { id: 'v1.0', status: 'SUPPORTED', path: '/v1/' },
];

/** 300 with the versions: a client is to choose. */
export const versionsApp: Handler = async (req) => {
  const versions = VERSIONS.map(({ id, status, path }) => ({
    id,
    status,
    links: [{ rel: 'self', href: `${req.hostUrl}${path}` }],
  }));
  const body = Buffer.from(JSON.stringify({ versions }));
  return new SwiftResponse(300, { 'content-type': 'application/json', 'content-length': body.length }, body);
};

export const create_resource: AppFactory = () => versionsApp;
