/** The program of a container store's worker threads. */
import { serveDatabases } from '../db/worker-server.ts';
import { CONTAINER_METHODS } from './container-methods.ts';

serveDatabases('container', CONTAINER_METHODS);
