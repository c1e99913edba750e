import type { ProxyContext } from '../proxy-context.ts';
import type { Controller } from './controller.ts';

/** Value of Allow: what a controller answers. Accounts are not put and deleted by users unless the config says so. */
export function allowedMethods(context: ProxyContext, controller: Controller): string {
  const methods = [...Object.keys(controller.operations), 'OPTIONS'].sort();
  const managed = controller.serverType !== 'Account' || context.conf.allowAccountManagement;
  return (managed ? methods : methods.filter((method) => method !== 'PUT' && method !== 'DELETE')).join(', ');
}
