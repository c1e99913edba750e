/** First words with a cluster: one container, one object. */

import { type Area, del, get, head, put, scenario } from '../scenario.ts';

export const area: Area = [
  {
    scenarios: [
      scenario(
        'an object is written, read and deleted',
        put('{c}'),
        put('{c}/o', { body: 'hello', headers: { 'X-Object-Meta-Color': 'blue' } }),
        get('{c}/o'),
        head('{c}/o'),
        get('{c}'),
        get('{c}?format=json', {}),
        get('{c}/o', { headers: { Range: 'bytes=0-0,2-3' } }),
        del('{c}'),
        del('{c}/o'),
        del('{c}/o'),
        del('{c}'),
        get('{c}'),
      ),
    ],
  },
];
