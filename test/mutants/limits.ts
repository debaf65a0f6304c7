/** Mutants of the limits on memory, connections and time. */
import type { Mutant } from './mutant.ts';

/** Each removes one limit, or applies it to the wrong peer. */
export const limits: readonly Mutant[] = [
  {
    name: 'a call that ends after its connection frees memory twice',
    file: 'src/transport/grpc/connection/memory-budget.ts',
    find: '          if (!isOpen) return;\n',
    replace: '',
    tests: ['test/transport/grpc/connection/memory-budget.test.ts'],
    project: 'live',
  },
  {
    name: 'connections above the limit stay open',
    file: 'src/transport/shared/open-connections.ts',
    find: 'open >= most()',
    replace: 'open >= Number.POSITIVE_INFINITY',
    tests: ['test/transport/shared/open-connections.test.ts'],
  },
  {
    name: 'a late gRPC check is allowed in shadow mode, although the incumbent decides',
    file: 'src/service/grpc-checks.ts',
    find: ' && !hasIncumbent ? shadowAllow',
    replace: ' ? shadowAllow',
    tests: ['test/check/incumbent/deadlines.test.ts'],
    project: 'live',
  },
  {
    name: 'a gRPC check does not wait for the incumbent',
    file: 'src/service/grpc-checks.ts',
    find: 'hasIncumbent ? shadow.timeout : 0',
    replace: '0',
    tests: ['test/check/incumbent/deadlines.test.ts'],
    project: 'live',
  },
  {
    name: 'the incumbent has more time than shadow.timeout',
    file: 'src/check/incumbent/incumbent-check.ts',
    find: 'withDeadline(answer, shadow.timeout,',
    replace: 'withDeadline(answer, shadow.timeout * 1.05,',
    tests: ['test/check/incumbent/incumbent-check.test.ts'],
    project: 'live',
  },
  {
    name: 'malformed HTTP is logged as another protocol',
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
    name: 'a configured address is replaced by all addresses',
    file: 'src/transport/shared/listen.ts',
    find: "host === undefined ? everywhere : [host.replace(/^\\[(.*)\\]$/, '$1')]",
    replace: "[...(host === undefined ? [] : [host.replace(/^\\[(.*)\\]$/, '$1')]), ...everywhere]",
    tests: ['test/transport/shared/listener.test.ts'],
  },
  {
    name: 'a silent connection stays open without limit',
    file: 'src/transport/grpc/connection/call-connection.ts',
    find: '      peer.sweep();\n',
    replace: '',
    tests: ['test/transport/grpc/connection/silent-connections.test.ts'],
    project: 'live',
  },
];
