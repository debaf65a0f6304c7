/** Mutants of the build. */
import type { Mutant } from './mutant.ts';

const tests = ['test/repo/bundle.test.ts'];

/** Each removes one rule of `scripts/bundle`. */
export const bundleMutants: readonly Mutant[] = [
  {
    name: 'main.js needs a function that an old Node does not have',
    file: 'scripts/bundle/cheap-builtins.ts',
    find: "if (isEntry || name === 'command-line') return null;",
    replace: '',
    tests,
  },
  {
    name: 'imports of the modules of Node stay',
    file: 'scripts/bundle/cheap-builtins.ts',
    find: 'code: code.replaceAll(importLine, replacement)',
    replace: 'code',
    tests,
  },
  {
    name: 'the chunks name their source maps',
    file: 'scripts/bundle/bundle.ts',
    find: "sourcemap: 'hidden'",
    replace: 'sourcemap: true',
    tests,
  },
  {
    name: 'the licenses of the packages are missing',
    file: 'scripts/bundle/bundled-packages.ts',
    find: 'texts.length > 0 ? texts : [none]',
    replace: '[none]',
    tests,
  },
  {
    name: 'the helpers of the bundler have no license',
    file: 'scripts/bundle/bundled-packages.ts',
    find: "module.startsWith(helper) ? ['node_modules/rolldown'] :",
    replace: '',
    tests,
  },
  {
    name: 'two builds differ in the number of the bill of materials',
    file: 'scripts/bundle/bill-of-materials.ts',
    find: 'const { serialNumber: _, ...rest } = whole;',
    replace: 'const rest = whole;',
    tests,
  },
];
