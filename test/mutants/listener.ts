/** Mutants of the listeners. */
import type { Mutant } from './mutant.ts';

const write = ['test/http/write.test.ts', 'test/http/server.test.ts'];

/** Each removes one check of `src/http` or `src/grpc`. */
export const listener: readonly Mutant[] = [
  {
    name: 'HEAD takes the fast path',
    file: 'src/http/write.ts',
    find: "    message.method !== 'HEAD' &&\n",
    replace: '',
    tests: write,
    project: 'live',
  },
];
