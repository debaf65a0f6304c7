/** The listener of the login. Its server is loaded at the start, and only if the listener is enabled: fastify takes memory, and compiles code. */
import type { LoginServerDependencies } from '../transport/login/server.ts';
import type { Listener } from '../transport/shared/listener.ts';
import { explainEvalError } from './code-generation.ts';

/**
 * Creates the listener. Its start rejects if the port cannot be bound, or if Node may not compile code.
 *
 * @param dependencies as of the server
 */
export function createLoginListener(dependencies: LoginServerDependencies): Listener {
  let server: Listener | undefined;
  return {
    name: 'login',
    start: async () => {
      const { createLoginServer } = await import('../transport/login/server.ts');
      server = await createLoginServer(dependencies).catch(
        explainEvalError('login.listener.enabled', 'the listener of the login'),
      );
      return server.start();
    },
    drain: () => server?.drain(),
    close: async (grace) => server?.close(grace),
  };
}
