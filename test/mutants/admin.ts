/** Mutants of the admin listener, and of decision IDs. */
import type { Mutant } from './mutant.ts';

const access = ['test/transport/admin/access.test.ts'];
const server = ['test/transport/admin/server.test.ts'];
const store = ['test/observe/recent-denials.test.ts'];
const prepared = ['test/transport/grpc/check/prepared-denial.test.ts'];

/** Each removes one check of the access to the admin listener, or one place of a decision ID. */
export const admin: readonly Mutant[] = [
  {
    name: 'every loopback address is local',
    file: 'src/transport/admin/access.ts',
    find: 'localAddresses.has(address)',
    replace: "(localAddresses.has(address) || address.includes('127.0.0.'))",
    tests: access,
    project: 'quick',
  },
  {
    name: 'the host does not count',
    file: 'src/transport/admin/access.ts',
    find: ' && localHost.test(host)',
    replace: '',
    tests: access,
    project: 'quick',
  },
  {
    name: 'a forwarded request is local',
    file: 'src/transport/admin/access.ts',
    find: ' && !isForwarded',
    replace: '',
    tests: access,
    project: 'quick',
  },
  {
    name: 'an empty token gives access',
    file: 'src/transport/admin/access.ts',
    find: "  if (token === undefined || token === '') return false;",
    replace: "  if (token === undefined || token === '') return authorization !== undefined;",
    tests: access,
    project: 'quick',
  },
  {
    name: 'a repeated host or token is accepted',
    file: 'src/transport/admin/access.ts',
    find: 'peer.host.length > 1 || peer.authorization.length > 1',
    replace: 'false',
    tests: access,
    project: 'quick',
  },
  {
    name: 'every TLS client has a verified certificate',
    file: 'src/transport/admin/respond.ts',
    find: 'verifiesCertificates && (socket as TLSSocket).authorized === true',
    replace: '(socket as TLSSocket).encrypted === true',
    tests: server,
    project: 'quick',
  },
  {
    name: 'a guarded path is open',
    file: 'src/transport/admin/respond.ts',
    find: 'found.some(({ guarded }) => guarded)',
    replace: 'false',
    tests: server,
    project: 'quick',
  },
  {
    name: 'a body may be of any size',
    file: 'src/transport/admin/request-body.ts',
    find: 'return size <= maxAdminBody ? ',
    replace: 'return size >= 0 ? ',
    tests: server,
    project: 'quick',
  },
  {
    name: 'the metadata has no decision ID',
    file: 'src/transport/grpc/check/decision-response.ts',
    find: '...(id !== undefined && { decision: id }),',
    replace: '',
    tests: prepared,
    project: 'live',
  },
  {
    name: 'responses with ids share their bytes',
    file: 'src/transport/grpc/check/prepared-denial.ts',
    find: 'const copy = Buffer.from(frame);',
    replace: 'const copy = frame;',
    tests: prepared,
    project: 'live',
  },
  {
    name: 'the detail of a denial is always computed',
    file: 'src/observe/record-check.ts',
    find: 'if (!options.detail) return undefined;',
    replace: '',
    tests: store,
    project: 'live',
  },
  {
    name: 'the query of a denial is stored',
    file: 'src/observe/recorded-denial.ts',
    find: 'return withoutQuery(path.slice(0, maxText.request + 1));',
    replace: 'return path.slice(0, maxText.request + 1);',
    tests: store,
    project: 'live',
  },
];
