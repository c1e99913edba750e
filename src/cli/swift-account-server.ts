import { runServerCommand } from './server-command.ts';

await runServerCommand('account-server');
