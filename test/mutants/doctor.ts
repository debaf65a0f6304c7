/** Mutants of `doctor`. */
import type { Mutant } from './mutant.ts';

const tests = ['test/tools/doctor/rules.test.ts'];

/** Each hides a mistake in a manifest, or reports one that does not exist. */
export const doctorMutants: readonly Mutant[] = [
  {
    name: 'a prefix in a header list matches nothing',
    file: 'src/tools/doctor/world/header-lists.ts',
    find: "if (wanted.endsWith('*')) return name.startsWith(wanted.slice(0, -1));",
    replace: '',
    tests,
  },
  {
    name: 'a policy in the root namespace applies only to that namespace',
    file: 'src/tools/doctor/world/guards.ts',
    find: "const scope = namespace === rootNamespace ? '*' : namespace;",
    replace: 'const scope = namespace;',
    tests,
  },
  {
    name: 'two policies overlap only with equal labels',
    file: 'src/tools/doctor/world/guards.ts',
    find: 'if (isEverything(a) || isEverything(b)) return true;',
    replace: '',
    tests,
  },
  {
    name: 'a policy without an ALLOW policy leaves no request unchecked',
    file: 'src/tools/doctor/rules/k07-unchecked-requests.ts',
    find: 'allows.length > 0',
    replace: 'allows.length === 0',
    tests,
  },
  {
    name: 'the deadline may be equal to the timeout of the entry',
    file: 'src/tools/doctor/rules/k22-deadline.ts',
    find: 'const margin = 0.2;',
    replace: 'const margin = 0;',
    tests,
  },
  {
    name: 'a pod that switches injection off has a sidecar',
    file: 'src/tools/doctor/world/injection.ts',
    find: "if (own === 'false') return 'none';",
    replace: '',
    tests,
  },
];
