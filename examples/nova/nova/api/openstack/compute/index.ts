import { Mapper, Router } from 'apus/web';
import { Limits } from './limits.ts';
import { Servers } from './servers.ts';
import { versionApp } from './versions.ts';

export class APIRouter extends Router {
  constructor() {
    const servers = new Servers();
    super(
      new Mapper()
        .connect('/', { controller: { show: () => versionApp }, action: 'show' })
        .resource('servers', {
          controller: servers,
          collection: { detail: 'GET' },
          member: { action: 'POST' },
          pathPrefix: '/{project_id}',
        })
        .connect('/{project_id}/limits', { controller: new Limits(), action: 'index', methods: ['GET'] }),
    );
  }
}
