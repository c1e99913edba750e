/** Answers to requests that do not get as far as the app. */

import { pythonJson, type SwiftRequest, SwiftResponse } from '../../middleware-api.ts';

const NEEDS_TOKEN = pythonJson({
  error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
});

/** 401 that names Keystone. */
export function needsToken(challenge: string): SwiftResponse {
  const body = Buffer.from(NEEDS_TOKEN);
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'www-authenticate': challenge,
  };
  return new SwiftResponse(401, headers, body);
}

const LATER = 'The server is currently unavailable. Please try again at a later time.';
const AWAY = 'The Keystone service is temporarily unavailable.';

const PAGES = {
  'text/html; charset=UTF-8': `<html>
 <head>
  <title>503 Service Unavailable</title>
 </head>
 <body>
  <h1>503 Service Unavailable</h1>
  ${LATER}<br /><br />
${AWAY}\n\n
 </body>
</html>`,
  'text/plain; charset=UTF-8': `503 Service Unavailable\n\n${LATER}\n\n ${AWAY}  `,
  'application/json': pythonJson({
    message: `${LATER}<br /><br />\n${AWAY}\n\n`,
    code: '503 Service Unavailable',
    title: 'Service Unavailable',
  }),
} as const;

/** 503 while Keystone is away, in a form that the client takes. */
export function unavailable(req: SwiftRequest): SwiftResponse {
  const type = wantedType(req.headers.get('accept') ?? '');
  const body = Buffer.from(PAGES[type]);
  return new SwiftResponse(503, { 'content-type': type, 'content-length': body.length }, body);
}

function wantedType(accept: string): keyof typeof PAGES {
  if (/text\/html|text\/\*|\*\/\*/.test(accept)) return 'text/html; charset=UTF-8';
  return accept.includes('application/json') ? 'application/json' : 'text/plain; charset=UTF-8';
}
