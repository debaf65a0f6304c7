/** Mutants of what bounds memory, connections and time of many peers. */
import type { Mutant } from './mutant.ts';

/** Each removes one bound, or has another one pay for it. */
export const bounds: readonly Mutant[] = [
  {
    name: 'what ends after its connection makes room that nobody has',
    file: 'src/transport/grpc/connection/memory-budget.ts',
    find: '          if (!isOpen) return;\n',
    replace: '',
    tests: ['test/transport/grpc/connection/memory-budget.test.ts'],
    project: 'live',
  },
  {
    name: 'connections that come beyond the bound stay open',
    file: 'src/transport/shared/open-connections.ts',
    find: 'open >= most()',
    replace: 'open >= Number.POSITIVE_INFINITY',
    tests: ['test/transport/shared/open-connections.test.ts'],
  },
  {
    name: 'a check over gRPC that is late passes in shadow mode, though another authorizer decides',
    file: 'src/service/authorizer.ts',
    find: ' && !isDecidedElsewhere ? letPass',
    replace: ' ? letPass',
    tests: ['test/check/incumbent/deadlines.test.ts'],
    project: 'live',
  },
  {
    name: 'a check over gRPC waits no longer than for our own decision',
    file: 'src/service/authorizer.ts',
    find: 'Math.max(limits.checkDeadline, shadow.timeout)',
    replace: 'limits.checkDeadline',
    tests: ['test/check/incumbent/deadlines.test.ts'],
    project: 'live',
  },
  {
    name: 'another authorizer has more time than it is given',
    file: 'src/check/incumbent/incumbent-check.ts',
    find: 'withDeadline(answer, shadow.timeout,',
    replace: 'withDeadline(answer, shadow.timeout * 1.05,',
    tests: ['test/check/incumbent/incumbent-check.test.ts'],
    project: 'live',
  },
  {
    name: 'HTTP that is broken is told as another protocol',
    file: 'src/transport/shared/protocol-detection.ts',
    find: "return protocol === 'http1' || (protocol === 'unknown' && isText(packet)) ? undefined : protocol;",
    replace: 'return protocol;',
    tests: ['test/observe/rejections.test.ts'],
    project: 'live',
  },
  {
    name: 'each rejected connection is logged',
    file: 'src/transport/shared/rejections.ts',
    find: '    if (clock.monotonic() - tally.reportedAt < interval) return;\n',
    replace: '',
    tests: ['test/observe/rejections.test.ts'],
    project: 'live',
  },
  {
    name: 'a configured address gives way to all of them',
    file: 'src/transport/shared/listen.ts',
    find: "host === undefined ? everywhere : [host.replace(/^\\[(.*)\\]$/, '$1')]",
    replace: "[...(host === undefined ? [] : [host.replace(/^\\[(.*)\\]$/, '$1')]), ...everywhere]",
    tests: ['test/transport/shared/listener.test.ts'],
  },
  {
    name: 'a connection that says nothing stays for ever',
    file: 'src/transport/grpc/server.ts',
    find: 'clock.after(prefaceTimeout, () => socket.destroy())',
    replace: 'clock.after(prefaceTimeout, () => {})',
    tests: ['test/transport/grpc/connection/silent-connections.test.ts'],
    project: 'live',
  },
];
