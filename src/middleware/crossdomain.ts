/** crossdomain - serves `/crossdomain.xml`, the policy that Flash and Silverlight clients ask for. */

import { type FilterFactory, readConf, SwiftResponse } from '../middleware-api.ts';

export const confSpec = {
  cross_domain_policy: {
    type: 'text',
    default: '<allow-access-from domain="*" secure="false" />',
    doc: 'XML elements of the policy; the option may continue over several lines.',
  },
} as const;

function policyDocument(elements: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE cross-domain-policy SYSTEM "http://www.adobe.com/xml/dtds/cross-domain-policy.dtd" >
<cross-domain-policy>
${elements}
</cross-domain-policy>`;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  host.info.register('crossdomain', {});
  const body = Buffer.from(policyDocument(conf.cross_domain_policy), 'utf8');
  return (app) => async (req) => {
    if (req.path !== '/crossdomain.xml' || req.method !== 'GET') return app(req);
    return new SwiftResponse(200, { 'content-type': 'application/xml', 'content-length': body.length }, body);
  };
};
