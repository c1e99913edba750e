import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runServerCommand } = await import('./server-command.ts');
await runServerCommand('container-server');
