/** Sends the GET requests of `doctor` to an admin port: of the service, or of an Envoy. */
import { maskUrls } from '../../config/values/quote-value.ts';
import { type AdminAccess, askAdmin } from '../admin-client.ts';
import { NoAnswer, type OneResponse, type ResponseLimits, TooLargeError } from '../http-client.ts';
import { singleProblem } from '../single-problem.ts';

/**
 * Sends a GET request. The response can have any status.
 *
 * @throws NoAnswer if the response is too large, and the caller continues without it
 * @throws ConfigError if there is no other response
 */
export type Ask = (path: string) => Promise<OneResponse>;

/**
 * Creates the function that asks an admin port.
 *
 * @param flag the flag that names the port, for problems
 * @param continues whether the caller continues without a response that is too large
 */
export function createAsk(access: AdminAccess, flag: string, limits: ResponseLimits, continues = false): Ask {
  return async (path) => {
    try {
      return await askAdmin(access, 'GET', path, undefined, limits);
    } catch (error) {
      if (!(error instanceof NoAnswer) || (continues && isTooLarge(error))) throw error;
      throw singleProblem(`flag ${flag}`, maskUrls(error.message));
    }
  };
}

/** Whether a response was too large. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof NoAnswer && error.cause instanceof TooLargeError;
}
