/** All rules over manifests, in the order of their ids. */
import type { Rule } from './rule.ts';
import { shortTimeout } from './rules/k01-short-timeout.ts';
import { headersToUpstream } from './rules/k02-headers-to-upstream.ts';
import { headersOfDenials } from './rules/k03-headers-of-denials.ts';
import { headersOfLogin } from './rules/k04-headers-of-a-login.ts';
import { unusableEntry } from './rules/k05-unusable-entry.ts';
import { portWithoutGrpc } from './rules/k06-port-without-grpc.ts';
import { uncheckedRequests } from './rules/k07-unchecked-requests.ts';
import { replacingPatch } from './rules/k08-replacing-patch.ts';
import { failOpen } from './rules/k09-fail-open.ts';
import { unreachable } from './rules/k10-unreachable.ts';
import { ownPaths } from './rules/k11-own-paths.ts';
import { envoyVersion } from './rules/k12-envoy-version.ts';
import { adminExposed } from './rules/k13-admin-exposed.ts';
import { oldAuthorizer } from './rules/k14-old-authorizer.ts';
import { replicasWithRefresh } from './rules/k15-replicas-with-refresh.ts';
import { twoAuthorizers } from './rules/k20-two-authorizers.ts';
import { unknownAuthorizer } from './rules/k21-unknown-authorizer.ts';
import { deadline } from './rules/k22-deadline.ts';
import { answerHeaders } from './rules/k23-answer-headers.ts';
import { headersOfChecks } from './rules/k24-headers-of-checks.ts';
import { bodyInCheck } from './rules/k25-body.ts';
import { noSidecar } from './rules/k26-no-sidecar.ts';
import { noWorkload } from './rules/k27-no-workload.ts';
import { statusOnError } from './rules/k28-status-on-error.ts';
import { envoyFilter } from './rules/k29-envoy-filter.ts';
import { plainText } from './rules/k30-plain-text.ts';
import { oldApiRule } from './rules/k31-old-apirule.ts';
import { requestAuthentication } from './rules/k32-request-authentication.ts';
import { pathPrefix } from './rules/k33-path-prefix.ts';
import { certificates } from './rules/k34-certificates.ts';
import { missingMounts } from './rules/k35-missing-mounts.ts';
import { jwtOfApiRule } from './rules/k36-jwt-of-apirule.ts';
import { wrongListener } from './rules/k37-wrong-listener.ts';
import { authorizerExposed } from './rules/k38-authorizer-exposed.ts';
import { referenceGrant } from './rules/k39-reference-grant.ts';
import { invalidConfig } from './rules/k40-invalid-config.ts';
import { hostsWithPorts } from './rules/k41-hosts-with-ports.ts';
import { timeoutOfLogin } from './rules/k42-timeout-of-a-login.ts';
import { replicasWithoutStore } from './rules/k44-replicas-without-store.ts';
import { unreachableStore } from './rules/k46-unreachable-store.ts';
import { unreachableLogout } from './rules/k47-unreachable-logout.ts';
import { unroutedCentralHost } from './rules/k51-unrouted-central-host.ts';
import type { World } from './world/world.ts';

/** The rules. */
export const manifestRules: readonly Rule<World>[] = [
  shortTimeout,
  headersToUpstream,
  headersOfDenials,
  headersOfLogin,
  unusableEntry,
  portWithoutGrpc,
  uncheckedRequests,
  replacingPatch,
  failOpen,
  unreachable,
  ownPaths,
  envoyVersion,
  adminExposed,
  oldAuthorizer,
  replicasWithRefresh,
  twoAuthorizers,
  unknownAuthorizer,
  deadline,
  answerHeaders,
  headersOfChecks,
  bodyInCheck,
  noSidecar,
  noWorkload,
  statusOnError,
  envoyFilter,
  plainText,
  oldApiRule,
  requestAuthentication,
  pathPrefix,
  certificates,
  missingMounts,
  jwtOfApiRule,
  wrongListener,
  authorizerExposed,
  referenceGrant,
  invalidConfig,
  hostsWithPorts,
  timeoutOfLogin,
  replicasWithoutStore,
  unreachableStore,
  unreachableLogout,
  unroutedCentralHost,
];
