/** Holds the next request that renews tokens, so that a test acts in the middle of it. */
import type { LoginProvider } from '../login-provider.ts';

/** A request that is held. */
export interface HeldRenewal {
  /** Resolves when the request is at the issuer, which has not read it. */
  readonly arrived: Promise<void>;
  /** Lets the issuer answer. */
  readonly release: () => void;
}

/** Holds the next request to the token endpoint. No one may sign in until it arrives. */
export function holdRenewal(provider: LoginProvider): HeldRenewal {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<boolean>();
  const { intercept } = provider;
  provider.intercept = (request, response) => {
    if (request.url !== '/token') return intercept(request, response);
    provider.intercept = intercept;
    arrived.resolve();
    return released.promise;
  };
  return { arrived: arrived.promise, release: () => released.resolve(false) };
}
