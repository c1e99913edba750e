import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runUpdaterCommand } = await import('./updater-command.ts');
await runUpdaterCommand('container-updater');
