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
  {
    name: 'a connection that has not sent its first request is idle',
    file: 'src/http/bounded-connections.ts',
    find: 'clock.monotonic() - madeAt > firstRequestTime',
    replace: 'true',
    tests: ['test/http/connections.test.ts'],
    project: 'live',
  },
  {
    name: 'a connection that is refused is not read on',
    file: 'src/http/hang-up.ts',
    find: '    socket.end(answer);\n',
    replace: '    socket.write(answer);\n    socket.destroy();\n',
    tests: ['test/http/connections.test.ts'],
    project: 'live',
  },
  {
    name: 'a short timeout leaves no time for the answer',
    file: 'src/grpc/call.ts',
    find: 'Math.max(timeout * reserve.part, reserve.least)',
    replace: 'timeout * reserve.part',
    tests: ['test/grpc/limits.test.ts'],
    project: 'live',
  },
];
