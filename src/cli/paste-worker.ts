/**
 * A worker of `apus serve` and of a launcher: what the supervisor forks. Arguments: config path, section, client timeout in seconds,
 * globals as JSON.
 */

import type { Conf } from '../common/conf.ts';
import { openPasteApp } from '../compose/paste-app.ts';
import { makeAppServer } from '../paste/http-runner.ts';
import { pasteAppOptions, SERVICE_BACKLOG } from './launch.ts';
import { runWorker } from './worker-life.ts';

const [configPath = '', name = '', clientTimeoutSec = '', globals = '{}'] = process.argv.slice(2);
process.title = `apus ${name} ${configPath}`;

runWorker(async () => {
  const app = await openPasteApp(pasteAppOptions({ configPath, name, globalConf: JSON.parse(globals) as Conf }));
  const server = makeAppServer(app.handler, app.log, Number(clientTimeoutSec));
  return { server, log: app.log, backlog: SERVICE_BACKLOG, close: () => app.close() };
});
