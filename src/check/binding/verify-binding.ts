/** Verifies that the client is the one that its token is bound to. */

import { proofsPerKey } from '../../config/declare/binding-options.ts';
import type { Config } from '../../config/declare/options.ts';
import { createVerificationQueue } from '../../credential/token/verification-queue.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import { passed, type Trace } from '../../model/trace.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import {
  type BindingProblem,
  invalid,
  overloaded,
  proofObservation,
  unverifiable,
  usedBefore,
} from './binding-problem.ts';
import { createClientCertificate } from './client-certificate.ts';
import type { ConfirmProof } from './confirm-proof.ts';
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

/** Why the client is not allowed, or undefined if it proved the binding. */
type Problem = BindingProblem | undefined;

/** Verifies the binding of a token. */
export type Prove = (presentation: Presentation) => Problem | Promise<Problem>;

/** The dependencies of the verification. */
export interface ProveDependencies {
  readonly config: Pick<Config, 'dpop' | 'clientCertificates' | 'limits'>;
  /** Every configuration uses the same store, because a new store would accept used proofs again. */
  readonly replays: ReplayStore;
  /** Asks about the proofs of all processes. Only with `dpop.store`. */
  readonly confirm?: ConfirmProof | undefined;
  readonly clock: Clock;
  /** Called if the store is full, with the configured name of the issuer and the limit that was reached. */
  readonly onFull: (issuerName: string, bound: 'key' | 'issuer') => void;
}

/** Creates the verification. A token with two bindings needs both proofs. */
export function createProve(dependencies: ProveDependencies): Prove {
  const { config, replays, confirm, clock, onFull } = dependencies;
  const { dpop, clientCertificates, limits } = config;
  const certificateOf = createClientCertificate(clientCertificates);
  const bounds = { maxProofs: dpop.maxProofs, maxProofsPerKey: proofsPerKey(dpop), maxAge: dpop.maxAge };
  const queue = createVerificationQueue<Problem>({
    maxWaiting: limits.maxVerificationsInFlight,
    maxWait: limits.checkDeadline,
    clock,
  });

  const proveCertificate = (thumbprint: string, { request, trace }: Presentation): Problem => {
    const certificate = certificateOf(request);
    if (certificate === 'unknowable')
      return unverifiable(
        'the client certificate',
        'the token is bound to a client certificate, and no proxy reports the certificate of the client',
        'clientCertificates',
      );
    if (certificate !== thumbprint) return wrongCertificate(certificate !== undefined);
    if (trace !== undefined)
      passed(
        trace,
        proofObservation('the client certificate', 'that of the token (cnf.x5t#S256)', 'the same'),
      );
    return undefined;
  };
  /** Adds a valid proof to the store. If the store is full, the check ends with `overloaded`, because the proof is not invalid. */
  const use = (proof: UsedProof, { identity, trace }: Presentation): Problem => {
    // A traced check is a dry run. If it stored the proof, the client's own request would be denied.
    const result =
      trace === undefined ? replays.take(proof, clock.now(), bounds) : replays.test(proof, bounds);
    if (result === 'new') {
      if (trace !== undefined && confirm === undefined) passed(trace, validProof);
      return undefined;
    }
    if (result === 'used') return usedBefore;
    if (trace === undefined) onFull(identity.issuerName, result);
    return overloaded(result, limits.checkDeadline);
  };
  const provePossession = (keyThumbprint: string, presentation: Presentation): Problem | Promise<Problem> => {
    const { token, request, identity, trace } = presentation;
    const proof = readProof({ request, token, keyThumbprint, now: clock.now() }, dpop);
    if ('reason' in proof) return proof;
    const { id, issuedAt } = proof;
    const used = { issuer: identity.issuer, keyThumbprint, id, issuedAt };
    const late = (): Problem => overloaded('late', limits.checkDeadline);
    const verify = (): Problem => (proof.verify() ? use(used, presentation) : unsigned);
    const verified = queue.add({ since: clock.monotonic(), signatures: 1, verify, late });
    if (verified === undefined) return overloaded('full', limits.checkDeadline);
    if (confirm === undefined) return verified;
    return verified.then(async (problem) => {
      const end = problem ?? (await confirm(used, trace !== undefined));
      if (end === undefined && trace !== undefined) passed(trace, validProof);
      return end;
    });
  };

  return (presentation) => {
    const { scheme, identity } = presentation;
    const { keyThumbprint, certificateThumbprint } = identity.confirmation ?? {};
    if (certificateThumbprint !== undefined) {
      const problem = proveCertificate(certificateThumbprint, presentation);
      if (problem !== undefined) return problem;
    }
    if (keyThumbprint === undefined) return scheme === 'dpop' ? unbound : undefined;
    if (dpop.origins.length === 0)
      return unverifiable(
        'the DPoP proof',
        'the token is bound to a DPoP key (cnf.jkt), and dpop.origins is empty',
        'dpop.origins',
      );
    return scheme === 'dpop' ? provePossession(keyThumbprint, presentation) : notDpop;
  };
}

const validProof = proofObservation(
  'the DPoP proof',
  'a valid proof that was not used before',
  'valid, and not used before; the trace does not store it as used',
);
const unsigned = invalid(
  'the signature of the proof',
  'valid',
  'invalid',
  'the signature of the DPoP proof is not valid for its key',
);
const unbound = invalid(
  'cnf',
  'a binding to a DPoP key (cnf.jkt)',
  'none',
  'the token is sent with the scheme DPoP, but it is not bound to a DPoP key (cnf.jkt)',
);
const notDpop = invalid(
  'the scheme',
  'DPoP',
  'Bearer',
  'the token is bound to a DPoP key (cnf.jkt), but it is sent with the scheme Bearer',
);

function wrongCertificate(isPresent: boolean): BindingProblem {
  return invalid(
    'the client certificate',
    'that of the token (cnf.x5t#S256)',
    isPresent ? 'another' : 'none',
    isPresent
      ? 'the client certificate is not that of the token (cnf.x5t#S256)'
      : 'the token is bound to a client certificate (cnf.x5t#S256), and the proxies report none that is trusted',
    isPresent ? undefined : 'clientCertificates',
  );
}
