import { runServerCommand } from './server-command.ts';

await runServerCommand('object-server');
