import { type Handler, type SwiftRequest, SwiftResponse, XML_HEAD, xmlAttribute } from 'apus/middleware';

const VERSION = { id: 'v2.0', status: 'CURRENT' };

/** Which versions there are, in what the urlmap found that the client understands. */
export class Versions {
  static factory(): Handler {
    return async (req) => {
      const href = `${req.hostUrl}/v2/`;
      return req.env.bestContentType === 'application/xml'
        ? answer(
            'application/xml',
            `${XML_HEAD}<versions><version id=${xmlAttribute(VERSION.id)} status=${xmlAttribute(VERSION.status)} href=${xmlAttribute(href)}/></versions>`,
          )
        : answer('application/json', JSON.stringify({ versions: [{ ...VERSION, links: [{ rel: 'self', href }] }] }));
    };
  }
}

/** About the version that is asked itself. */
export const versionApp: Handler = async (req: SwiftRequest) =>
  answer(
    'application/json',
    JSON.stringify({ version: { ...VERSION, links: [{ rel: 'self', href: `${req.hostUrl}/v2/` }] } }),
  );

function answer(type: string, text: string): SwiftResponse {
  const body = Buffer.from(text);
  return new SwiftResponse(200, { 'content-type': type, 'content-length': body.length }, body);
}
