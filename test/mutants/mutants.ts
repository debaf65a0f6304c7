/** Every mutant, by the folder that it changes. */

import { admin } from './admin.ts';
import { binding } from './binding.ts';
import { bundleMutants } from './bundle.ts';
import { check } from './check.ts';
import { checkLoginMutants } from './check-login.ts';
import { config } from './config.ts';
import { consoleMutants } from './console.ts';
import { doctorMutants } from './doctor.ts';
import { explainMutants } from './explain.ts';
import { fetchTargets } from './fetch-targets.ts';
import { files } from './files.ts';
import { fleetRefreshMutants } from './fleet-refresh.ts';
import { generateMutants } from './generate.ts';
import { grpc } from './grpc.ts';
import { grpcCalls } from './grpc-calls.ts';
import { handOverMutants } from './hand-over.ts';
import { hpackMutants } from './hpack.ts';
import { http } from './http.ts';
import { http2Mutants } from './http2.ts';
import { issuer } from './issuer.ts';
import { limits } from './limits.ts';
import { loginMutants } from './login.ts';
import { loginClientMutants } from './login-client.ts';
import { loginConfig } from './login-config.ts';
import { loginPagesMutants } from './login-pages.ts';
import { logoutMutants } from './logout.ts';
import { migrateMutants } from './migrate.ts';
import type { Mutant } from './mutant.ts';
import { revoking } from './revoking.ts';
import { rulesMutants } from './rules.ts';
import { sessionMutants } from './session.ts';
import { stateConfig } from './state-config.ts';
import { storeMutants } from './store.ts';
import { storedSessionMutants } from './stored-sessions.ts';
import { token } from './token.ts';

/** All mutants. */
export const mutants: readonly Mutant[] = [
  ...token,
  ...issuer,
  ...check,
  ...checkLoginMutants,
  ...rulesMutants,
  ...config,
  ...loginConfig,
  ...grpc,
  ...grpcCalls,
  ...hpackMutants,
  ...http2Mutants,
  ...http,
  ...admin,
  ...consoleMutants,
  ...explainMutants,
  ...binding,
  ...bundleMutants,
  ...files,
  ...fetchTargets,
  ...limits,
  ...migrateMutants,
  ...doctorMutants,
  ...generateMutants,
  ...loginClientMutants,
  ...sessionMutants,
  ...storedSessionMutants,
  ...fleetRefreshMutants,
  ...stateConfig,
  ...storeMutants,
  ...revoking,
  ...loginMutants,
  ...handOverMutants,
  ...loginPagesMutants,
  ...logoutMutants,
];
