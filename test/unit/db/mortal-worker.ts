import type { Job } from '../../../src/db/database-executor.ts';
import { serveDatabases } from '../../../src/db/worker-server.ts';

/** A worker whose methods answer with what they got, or end the thread. */
serveDatabases('container', {
  echo: (_job: Job, text: string) => Promise.resolve(text),
  die: () => Promise.resolve(process.exit(3)),
});
