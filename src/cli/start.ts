/** `npm start`: a whole cluster of one machine in one process, from the configs in etc/swift/. */

import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runStartCommand } = await import('./start-command.ts');
await runStartCommand();
