/** Mutants of what is read of an oauth2-proxy, and of what is named as not read. */
import type { Mutant } from './mutant.ts';

/** Each loses a guard, or what names it. */
export const migrateMutants: readonly Mutant[] = [
  {
    name: 'the first of several files of values wins',
    file: 'src/migrate/oauth2-proxy/overlay.ts',
    find: '      set(result, name, value);\n',
    replace: '      if (!own) set(result, name, value);\n',
    tests: ['test/migrate/oauth2-proxy/overlay.test.ts'],
  },
  {
    name: 'an object that nobody mounts or names goes without a word',
    file: 'src/migrate/oauth2-proxy/read.ts',
    find: '      ...objects.untold(),\n',
    replace: '',
    tests: ['test/oauth2-proxy/installations/wrapped.test.ts'],
    project: 'live',
  },
  {
    name: 'an object of a kind that nothing is known of says nothing',
    file: 'src/migrate/oauth2-proxy/objects.ts',
    find: "{ setting, source, verdict: 'refused', text: whyUnread(object) }",
    replace: "{ setting, source, verdict: 'meaningless', text: whyUnread(object) }",
    tests: ['test/oauth2-proxy/installations/wrapped.test.ts'],
    project: 'live',
  },
  {
    name: 'a value that the chart does not know says nothing',
    file: 'src/migrate/oauth2-proxy/chart-values.ts',
    find: "  return {\n    verdict: 'refused',\n",
    replace: "  return {\n    verdict: 'meaningless',\n",
    tests: ['test/oauth2-proxy/installations/wrapped.test.ts'],
    project: 'live',
  },
  {
    name: 'a second installation is put together with the first',
    file: 'src/migrate/oauth2-proxy/read.ts',
    find: 'for (const source of found.slice(1))',
    replace: 'for (const source of found.slice(found.length))',
    tests: ['test/oauth2-proxy/installations/wrapped.test.ts'],
    project: 'live',
  },
  {
    name: 'a ConfigMap of another namespace counts',
    file: 'src/migrate/oauth2-proxy/objects.ts',
    find: 'object.namespace === namespace || object.namespace === undefined',
    replace: 'object.namespace !== "" || object.namespace === undefined',
    tests: ['test/migrate/oauth2-proxy/manifests.test.ts'],
  },
  {
    name: 'a placeholder is taken for a value',
    file: 'src/migrate/oauth2-proxy/merge.ts',
    find: ' ?? whyPlaceholder(flag, winner.value)',
    replace: '',
    tests: ['test/oauth2-proxy/installations/wrapped.test.ts'],
    project: 'live',
  },
  {
    name: 'another caller is no difference that matters',
    file: 'src/command/compare.ts',
    find: " && meaning !== 'identity'",
    replace: '',
    tests: ['test/oauth2-proxy/compare.test.ts'],
    project: 'live',
  },
];
