/** Serves the APIs that nova.conf enables, each with its own address and workers: `node nova-api.ts [nova.conf]`. */

import { dirname, resolve } from 'node:path';
import { launch, type Service } from 'apus/launch';
import { readSection } from 'apus/middleware';

const confPath = resolve(process.argv[2] ?? 'nova.conf');
const conf = readSection(confPath, 'api');
const { api_paste_config: pasteConfig = 'api-paste.ini', enabled_apis: enabled = 'osapi_compute' } = conf;

const services = enabled.split(',').map((word): Service => {
  const name = word.trim();
  return {
    configPath: resolve(dirname(confPath), pasteConfig),
    name,
    // What nova.conf says is known to every filter and app.
    globalConf: conf,
    host: conf[`${name}_listen`] ?? '0.0.0.0',
    port: Number(conf[`${name}_listen_port`] ?? 0),
    workers: Number(conf[`${name}_workers`] ?? 0),
  };
});

await launch(services, ({ name }, url) => console.log(`${name} at ${url}`));
