/** Mutants of files that are followed, and of TLS that is made of them. */
import type { Mutant } from './mutant.ts';

const tls = ['test/transport/shared/tls.test.ts'];
const suites = ['test/transport/shared/cipher-suites.test.ts'];
const follow = ['test/runtime/files/follow.test.ts'];

/** Each removes one check of `src/files` or `src/listener`. */
export const files: readonly Mutant[] = [
  {
    name: 'a file without a certificate is one',
    file: 'src/transport/shared/tls.ts',
    find: 'checkFile(certFile, () => requireCertificates(String(options.cert)));',
    replace: '',
    tests: tls,
  },
  {
    name: 'a file without a key is one',
    file: 'src/transport/shared/tls.ts',
    find: 'checkFile(keyFile, () => requirePrivateKey(String(options.key)));',
    replace: '',
    tests: tls,
  },
  {
    name: 'a file without an authority is one',
    file: 'src/transport/shared/tls.ts',
    find: 'if (clientCaFile !== undefined) checkFile(clientCaFile, () => requireCertificates(String(options.ca)));',
    replace: '',
    tests: tls,
  },
  {
    name: 'a key need not be of its certificate',
    file: 'src/transport/shared/tls.ts',
    find: '  tls.createSecureContext(options);\n',
    replace: '',
    tests: tls,
  },
  {
    name: 'a client need not show a certificate',
    file: 'src/transport/shared/tls.ts',
    find: 'requestCert: true,',
    replace: 'requestCert: false,',
    tests: tls,
  },
  {
    name: 'a certificate of any authority is good',
    file: 'src/transport/shared/tls.ts',
    find: 'rejectUnauthorized: true,',
    replace: 'rejectUnauthorized: false,',
    tests: tls,
  },
  {
    name: 'what changed before the first look is not used',
    file: 'src/transport/shared/tls.ts',
    find: 'const problem = use();',
    replace: 'const problem = undefined;',
    tests: tls,
  },
  {
    name: 'new files are told and not used',
    file: 'src/transport/shared/tls.ts',
    find: 'server.setSecureContext(readTls(files, followed.read));',
    replace: 'readTls(files, followed.read);',
    tests: tls,
  },
  {
    name: 'a cut PEM file is read as far as it goes',
    file: 'src/runtime/files/pem-blocks.ts',
    find: 'if (begun !== found.length) throw new',
    replace: 'if (begun < 0) throw new',
    tests: tls,
  },
  {
    name: 'an unknown cipher suite is left out',
    file: 'src/transport/shared/cipher-suites.ts',
    find: 'if (unknown >= 0) throw',
    replace: 'if (unknown > suites.length) throw',
    tests: suites,
  },
  {
    name: 'one look is enough',
    file: 'src/runtime/files/follow.ts',
    find: 'if (entry.polls > 1) entry.valid = current;',
    replace: 'entry.valid = current;',
    tests: follow,
  },
  {
    name: 'the first look counts as one of two',
    file: 'src/runtime/files/follow.ts',
    find: 'last: snapshot, polls: 0,',
    replace: 'last: snapshot, polls: 1,',
    tests: follow,
  },
  {
    name: 'one of several files is told of while another is written',
    file: 'src/runtime/files/follow.ts',
    find: 'const areSettled = members.every(({ polls }) => polls > 1);',
    replace: 'const areSettled = members.some(({ polls }) => polls > 1);',
    tests: follow,
  },
  {
    name: 'what is told is not compared',
    file: 'src/runtime/files/follow.ts',
    find: 'members.some(({ valid }, index) => !isSameContent(valid, group.known[index] ?? valid));',
    replace: 'members.length > 0;',
    tests: follow,
  },
  {
    name: 'files that are being written are not waited for',
    file: 'src/runtime/files/follow.ts',
    find: 'else if (waiting.polls > mostPolls)',
    replace: 'else if (waiting.polls > 1)',
    tests: follow,
  },
  {
    name: 'a file is read again by each who asks',
    file: 'src/runtime/files/follow.ts',
    find: 'entries.get(path)?.valid ?? readSnapshot',
    replace: 'readSnapshot',
    tests: follow,
  },
  {
    name: 'a large file is not read again after one look',
    file: 'src/runtime/files/file-snapshot.ts',
    find: "const isConfirmed = isSameVersion && 'bytes' in previous && previous.bytes.equals(bytes);",
    replace: "const isConfirmed = 'bytes' in (previous ?? {});",
    tests: follow,
  },
  {
    name: 'a large file that keeps its version is read at every look',
    file: 'src/runtime/files/file-snapshot.ts',
    find: ' && state.size > alwaysRead && ',
    replace: ' && state.size < 0 && ',
    tests: follow,
  },
  {
    name: 'a small file is not read again',
    file: 'src/runtime/files/file-snapshot.ts',
    find: 'state.size > alwaysRead && ',
    replace: '',
    tests: follow,
  },
  {
    name: 'a pipe is read again',
    file: 'src/runtime/files/file-snapshot.ts',
    find: 'if (!state.isFile && previous !== undefined)',
    replace: 'if (!state.isFile && previous === undefined)',
    tests: follow,
  },
  {
    name: 'one problem is like another',
    file: 'src/runtime/files/file-snapshot.ts',
    find: ' && one.problem.message === other.problem.message',
    replace: '',
    tests: follow,
  },
  {
    name: 'content of equal length is the same',
    file: 'src/runtime/files/file-snapshot.ts',
    find: 'one.bytes.equals(other.bytes)',
    replace: 'one.bytes.length === other.bytes.length',
    tests: follow,
  },
];
