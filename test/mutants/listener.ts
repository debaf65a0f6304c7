/** Mutants of the listeners. */
import type { Mutant } from './mutant.ts';

const write = ['test/http/write.test.ts', 'test/http/server.test.ts'];

/** Each removes one check of `src/http`, `src/grpc` or `src/listener`, or of what the authorizer does for them. */
export const listener: readonly Mutant[] = [
  {
    name: 'HEAD takes the fast path',
    file: 'src/http/write.ts',
    find: "    message.method !== 'HEAD' &&\n",
    replace: '',
    tests: write,
    project: 'live',
  },
  {
    name: 'a connection with no more than its part pays for the memory of others',
    file: 'src/grpc/memory-budget.ts',
    find: '(most?.held ?? equalPart)',
    replace: '(most?.held ?? 0)',
    tests: ['test/grpc/memory-budget.test.ts'],
    project: 'live',
  },
  {
    name: 'what ends after its connection makes room that nobody has',
    file: 'src/grpc/memory-budget.ts',
    find: '          if (!isOpen) return;\n',
    replace: '',
    tests: ['test/grpc/memory-budget.test.ts'],
    project: 'live',
  },
  {
    name: 'connections that come beyond the bound stay open',
    file: 'src/listener/open-connections.ts',
    find: 'open >= most()',
    replace: 'open >= Number.POSITIVE_INFINITY',
    tests: ['test/listener/open-connections.test.ts'],
  },
  {
    name: 'a check over gRPC that is late passes in shadow mode, though another authorizer decides',
    file: 'src/authorizer.ts',
    find: ' && !isDecidedElsewhere ? letPass',
    replace: ' ? letPass',
    tests: ['test/shadow/deadlines.test.ts'],
    project: 'live',
  },
  {
    name: 'a check over gRPC waits no longer than for our own decision',
    file: 'src/authorizer.ts',
    find: 'Math.max(limits.checkDeadline, shadow.timeout)',
    replace: 'limits.checkDeadline',
    tests: ['test/shadow/deadlines.test.ts'],
    project: 'live',
  },
  {
    name: 'another authorizer has more time than it is given',
    file: 'src/shadow/check.ts',
    find: 'withDeadline(answer, shadow.timeout,',
    replace: 'withDeadline(answer, shadow.timeout * 1.05,',
    tests: ['test/shadow/check.test.ts'],
    project: 'live',
  },
];
