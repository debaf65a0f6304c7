/** Mutants of the configuration of the store, and of the tools that read it. */
import type { Mutant } from './mutant.ts';

const problems = ['test/config/state/state-problems.test.ts'];
const uses = 'src/config/state/state-problems.ts';
const server = 'src/config/state/valkey-problems.ts';
const doctor = ['test/tools/doctor/config-rules.test.ts'];

/** Each accepts a store that does not do what the configuration says, or hides a risk. */
export const stateConfig: readonly Mutant[] = [
  {
    name: 'an option that needs the store is accepted without one',
    file: uses,
    find: 'if (config.state === undefined) for',
    replace: 'if (false) for',
    tests: problems,
  },
  {
    name: 'back-channel logout is accepted without the listener that receives it',
    file: uses,
    find: 'if (sessions[option] === true && config.login !== undefined && !isListening)',
    replace: 'if (false)',
    tests: problems,
  },
  {
    name: 'revocations are accepted without keys that seal them',
    file: uses,
    find: 'else if (config.sessions === undefined && keysFile === undefined && isRevoking)',
    replace: 'else if (false)',
    tests: problems,
  },
  {
    name: 'an operation of the store may take longer than the whole check',
    file: uses,
    find: 'if (timeout * operationsOfCheck <= deadline) return;',
    replace: 'return;',
    tests: problems,
  },
  {
    name: 'one address with TLS hides another one without it',
    file: server,
    find: "if (plain >= 0 && urls.some((url) => url.startsWith('rediss:')))",
    replace: 'if (false)',
    tests: problems,
  },
  {
    name: 'a certificate authority that nothing uses is accepted',
    file: server,
    find: 'if (valkey[option] !== undefined && urls.length > 0 && !isTls)',
    replace: 'if (false)',
    tests: problems,
  },
  {
    name: 'doctor does not report a store without TLS',
    file: 'src/tools/doctor/config/state-config-rules.ts',
    find: "url.startsWith('redis:') && !isLoopback(new URL(url))",
    replace: 'false',
    tests: doctor,
  },
  {
    name: 'doctor does not report DPoP proofs that each process stores alone',
    file: 'src/tools/doctor/rules/k44-replicas-without-store.ts',
    find: "verifiesProofs && dpop.store === 'off'",
    replace: 'false',
    tests: doctor,
  },
];
