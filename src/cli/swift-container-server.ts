import { runServerCommand } from './server-command.ts';

await runServerCommand('container-server');
