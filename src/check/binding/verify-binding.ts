/** Verifies that the client is the one that its token is bound to. */

import { proofsPerKey } from '../../config/declare/binding-options.ts';
import type { Config } from '../../config/declare/options.ts';
import { createVerificationQueue } from '../../credential/token/verification-queue.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import type { DenyReason, ErrorReason } from '../../model/reasons.ts';
import type { Trace } from '../../model/trace.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { createClientCertificate } from './client-certificate.ts';
import { readProof } from './dpop.ts';
import type { ReplayStore, UsedProof } from './used-proofs.ts';

/** A request with a verified token. */
export interface Presentation {
  readonly scheme: 'bearer' | 'dpop';
  readonly token: string;
  readonly identity: Identity;
  readonly request: CheckRequest;
  readonly trace: Trace | undefined;
}

/** Why the client is denied, or undefined if it proved the binding. */
type Problem = DenyReason | ErrorReason | undefined;

/** Verifies the binding of a token. */
export type Prove = (presentation: Presentation) => Problem | Promise<Problem>;

/** The dependencies of the verification. */
export interface ProveDependencies {
  readonly config: Pick<Config, 'dpop' | 'clientCertificates' | 'limits'>;
  /** Every configuration uses the same store, because a new store would accept used proofs again. */
  readonly replays: ReplayStore;
  readonly clock: Clock;
  /** Called if the store is full, with the configured name of the issuer and the limit that was reached. */
  readonly onFull: (issuerName: string, bound: 'key' | 'issuer') => void;
}

/** Creates the verification. A token with two bindings needs both proofs. */
export function createProve({ config, replays, clock, onFull }: ProveDependencies): Prove {
  const { dpop, clientCertificates, limits } = config;
  const certificateOf = createClientCertificate(clientCertificates);
  const bounds = { maxProofs: dpop.maxProofs, maxProofsPerKey: proofsPerKey(dpop), maxAge: dpop.maxAge };
  const queue = createVerificationQueue<Problem>({
    maxWaiting: limits.maxVerificationsInFlight,
    maxWait: limits.checkDeadline,
    clock,
  });

  const proveCertificate = (thumbprint: string, request: CheckRequest): Problem => {
    const certificate = certificateOf(request);
    if (certificate === 'unknowable') return 'token_bound';
    return certificate === thumbprint ? undefined : 'proof_invalid';
  };
  /** Adds a valid proof to the store. If the store is full, the check ends with `overloaded`, because the proof is not invalid. */
  const use = (proof: UsedProof, issuerName: string): Problem => {
    const result = replays.take(proof, clock.now(), bounds);
    if (result === 'new') return undefined;
    if (result === 'used') return 'proof_invalid';
    onFull(issuerName, result);
    return 'overloaded';
  };
  const provePossession = (
    keyThumbprint: string,
    { token, request, identity }: Presentation,
  ): Problem | Promise<Problem> => {
    const proof = readProof({ request, token, keyThumbprint, now: clock.now() }, dpop);
    if (proof === undefined) return 'proof_invalid';
    const { id, issuedAt } = proof;
    const { issuer, issuerName } = identity;
    const late = (): Problem => 'overloaded';
    const verify = (): Problem =>
      proof.verify() ? use({ issuer, keyThumbprint, id, issuedAt }, issuerName) : 'proof_invalid';
    return queue.add({ since: clock.monotonic(), signatures: 1, verify, late }) ?? 'overloaded';
  };

  return (presentation) => {
    const { scheme, identity, request } = presentation;
    const { keyThumbprint, certificateThumbprint } = identity.confirmation ?? {};
    if (certificateThumbprint !== undefined) {
      const problem = proveCertificate(certificateThumbprint, request);
      if (problem !== undefined) return problem;
    }
    if (keyThumbprint === undefined) return scheme === 'dpop' ? 'proof_invalid' : undefined;
    if (dpop.origins.length === 0) return 'token_bound';
    return scheme === 'dpop' ? provePossession(keyThumbprint, presentation) : 'proof_invalid';
  };
}
