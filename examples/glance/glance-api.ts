/** Serves the API in the flavor that glance-api.conf names: `node glance-api.ts [glance-api.conf]`. */

import { dirname, resolve } from 'node:path';
import { launch } from 'apus/launch';
import { readSection } from 'apus/middleware';

const confPath = resolve(process.argv[2] ?? 'glance-api.conf');
const conf = readSection(confPath, 'paste_deploy');
const { flavor = '', config_file: configFile = '' } = conf;

await launch(
  [
    {
      configPath: resolve(dirname(confPath), configFile === '' ? 'glance-api-paste.ini' : configFile),
      name: flavor === '' ? 'glance-api' : `glance-api-${flavor}`,
      globalConf: conf,
      host: conf['bind_host'] ?? '0.0.0.0',
      port: Number(conf['bind_port'] ?? 9292),
      workers: Number(conf['workers'] ?? 1),
    },
  ],
  ({ name }, url) => console.log(`${name} at ${url}`),
);
