/** Mutants of the generated settings. */
import type { Mutant } from './mutant.ts';

const tests = ['test/tools/generate/generate.test.ts'];

/** Each generates a setting with which requests pass unchecked, or hides that a target is impossible. */
export const generateMutants: readonly Mutant[] = [
  {
    name: 'the timeout for Kyma has a fraction of a second',
    file: 'src/tools/generate/entry-timeout.ts',
    find: "return target === 'kyma' ? Math.ceil(time / 1_000) * 1_000 : time;",
    replace: 'return time;',
    tests,
  },
  {
    name: 'a deadline may be as long as the timeout',
    file: 'src/tools/generate/entry-timeout.ts',
    find: '...(limits.checkDeadline > timeout * 0.8 ?',
    replace: '...(limits.checkDeadline > timeout ?',
    tests,
  },
  {
    name: 'an empty list of the Gateway API copies every header',
    file: 'src/tools/generate/needs.ts',
    find: "if (target === 'gateway-api' && transport === 'http' && headers.onAllow.length === 0)",
    replace: "if (target === 'kyma' && transport === 'grpc')",
    tests,
  },
  {
    name: 'the path of the client selects the policy',
    file: 'src/tools/generate/envoy.ts',
    find: "...(entry.pathPrefix !== '' && { path_prefix: entry.pathPrefix }),",
    replace: '',
    tests,
  },
  {
    name: 'the policy of a workload allows requests that do not come from the gateway',
    file: 'src/tools/generate/istio.ts',
    find: 'const from = isGateway ? {} : { from: [{ source: { principals: [gatewayPrincipal] } }] };',
    replace: 'const from = {};',
    tests,
  },
  {
    name: 'a second entry with the same name is replaced silently',
    file: 'src/tools/generate/kyma.ts',
    find: 'if (more.length > 0)',
    replace: 'if (more.length > 1)',
    tests,
  },
  {
    name: 'a login gets the timeout of a token',
    file: 'src/tools/generate/entry-timeout.ts',
    find: 'const least = login === undefined ? 0 : loginTimeout;',
    replace: 'const least = 0;',
    tests: ['test/tools/generate/login.test.ts'],
  },
  {
    name: 'a login over HTTP is generated for a gateway that drops its cookies',
    file: 'src/tools/generate/login-needs.ts',
    find: 'return login !== undefined && withoutBrowserHeaders.includes(target);',
    replace: 'return false;',
    tests: ['test/tools/generate/login.test.ts'],
  },
];
