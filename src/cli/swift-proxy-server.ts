import { runServerCommand } from './server-command.ts';

await runServerCommand('proxy-server');
