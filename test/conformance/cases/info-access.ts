/** Who may ask /info for what. What is in it is each implementation's own. */

import { createHmac } from 'node:crypto';
import { type Area, type Step, type StepContext, options, scenario, send } from '../scenario.ts';

const KEY = 'open sesame';

/** `/info` signed as `method`, with the given digest, until `afterSec` from now. */
function signed(method: string, as: string, digest: string, afterSec: number): (context: StepContext) => Step {
  return (context: StepContext): Step => {
    const expires = String(context.nowSec + afterSec);
    const signature = createHmac(digest, KEY).update(`${as}\n${expires}\n/info`).digest('hex');
    const query = `swiftinfo_sig=${context.hide('signature', signature)}&swiftinfo_expires=${context.hide('expires', expires)}`;
    return send(method, `/info?${query}`, { as: 'none' });
  };
}

const REFUSED = [
  ...['swiftinfo_sig=abc', 'swiftinfo_expires=99999999999'],
  ...['swiftinfo_sig=abc&swiftinfo_expires=99999999999', 'swiftinfo_sig=abc&swiftinfo_expires=abc'],
  ...['swiftinfo_sig=abc&swiftinfo_expires=1', 'swiftinfo_sig=%ff&swiftinfo_expires=99999999999'],
];

const common = [
  options('/info', { as: 'none' }),
  options('/info', { as: 'none', headers: { Origin: 'http://a.example', 'Access-Control-Request-Method': 'GET' } }),
  ...['PUT', 'POST', 'DELETE', 'PATCH'].map((method) => send(method, '/info', { as: 'none' })),
  ...REFUSED.map((query) => send('GET', `/info?${query}`, { as: 'none' })),
  ...REFUSED.map((query) => send('HEAD', `/info?${query}`, { as: 'none' })),
  signed('GET', 'GET', 'sha1', -10),
  signed('GET', 'HEAD', 'sha1', 1000),
  signed('GET', 'PUT', 'sha256', 1000),
];

export const area: Area = [
  { scenarios: [scenario('without a key', ...common)] },
  {
    config: { proxy: { 'app:proxy-server': { admin_key: KEY, disallowed_sections: 'swift.policies, tempurl' } } },
    scenarios: [scenario('with a key', ...common)],
  },
  {
    config: { proxy: { 'app:proxy-server': { expose_info: 'false', admin_key: KEY } } },
    scenarios: [
      scenario(
        'where it is not shown',
        send('GET', '/info', { as: 'none' }),
        send('HEAD', '/info', { as: 'none' }),
        signed('GET', 'GET', 'sha1', 1000),
        ...common,
      ),
    ],
  },
];
