/** The program of an account store's worker threads. */
import { serveDatabases } from '../db/worker-server.ts';
import { ACCOUNT_METHODS } from './account-methods.ts';

serveDatabases('account', ACCOUNT_METHODS);
