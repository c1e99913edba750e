/** `npm start`: a whole cluster of one machine in one process, from the configs in etc/swift/. */

import { runStartCommand } from './start-command.ts';

await runStartCommand();
