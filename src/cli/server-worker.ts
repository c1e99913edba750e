/** A worker of a server: what the supervisor forks. Arguments: app name, config path, `console` or nothing. */

import { openPipeline } from '../compose/pipeline.ts';
import type { AppName } from '../compose/server-options.ts';
import { makeHttpServer } from '../compose/serving.ts';
import { parentServices } from './parent-services.ts';
import { pipelineOptions } from './pipeline-options.ts';
import { dropPrivileges } from './privileges.ts';
import { runWorker } from './worker-life.ts';

const [appName = '', configPath = '', log] = process.argv.slice(2);
process.title = `swift-${appName} ${configPath}`;

runWorker(async () => {
  const pipeline = await openPipeline({
    ...pipelineOptions(appName as AppName, configPath, log === 'console'),
    services: parentServices(),
  });
  const server = makeHttpServer(pipeline);
  dropPrivileges(pipeline.options.user);
  return { server, log: pipeline.log, backlog: pipeline.options.backlog, close: () => pipeline.close() };
});
