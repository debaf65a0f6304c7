/** Mutants of files that are watched, and of TLS that uses them. */
import type { Mutant } from './mutant.ts';

const tls = ['test/transport/shared/tls.test.ts'];
const suites = ['test/transport/shared/cipher-suites.test.ts'];
const follow = ['test/runtime/files/follow.test.ts'];

/** Each removes one check of `src/runtime/files` or `src/transport/shared`. */
export const files: readonly Mutant[] = [
  {
    name: 'a file without a certificate is accepted',
    file: 'src/transport/shared/tls.ts',
    find: 'checkFile(certFile, () => requireCertificates(String(options.cert)));',
    replace: '',
    tests: tls,
  },
  {
    name: 'a file without a key is accepted',
    file: 'src/transport/shared/tls.ts',
    find: 'checkFile(keyFile, () => requirePrivateKey(String(options.key)));',
    replace: '',
    tests: tls,
  },
  {
    name: 'a file without a CA is accepted',
    file: 'src/transport/shared/tls.ts',
    find: 'if (clientCaFile !== undefined) checkFile(clientCaFile, () => requireCertificates(String(options.ca)));',
    replace: '',
    tests: tls,
  },
  {
    name: 'a key need not match its certificate',
    file: 'src/transport/shared/tls.ts',
    find: '  tls.createSecureContext(options);\n',
    replace: '',
    tests: tls,
  },
  {
    name: 'a client needs no certificate',
    file: 'src/transport/shared/tls.ts',
    find: 'requestCert: true,',
    replace: 'requestCert: false,',
    tests: tls,
  },
  {
    name: 'a certificate of any CA is accepted',
    file: 'src/transport/shared/tls.ts',
    find: 'rejectUnauthorized: true,',
    replace: 'rejectUnauthorized: false,',
    tests: tls,
  },
  {
    name: 'a change before the first read is not loaded',
    file: 'src/transport/shared/tls.ts',
    find: 'const problem = use();',
    replace: 'const problem = undefined;',
    tests: tls,
  },
  {
    name: 'new files are reported and not loaded',
    file: 'src/transport/shared/tls.ts',
    find: 'server.setSecureContext(readTls(files, followed.read));',
    replace: 'readTls(files, followed.read);',
    tests: tls,
  },
  {
    name: 'a truncated PEM file is read up to its end',
    file: 'src/runtime/files/pem-blocks.ts',
    find: 'if (begun !== found.length) throw new',
    replace: 'if (begun < 0) throw new',
    tests: tls,
  },
  {
    name: 'an unknown cipher suite is ignored',
    file: 'src/transport/shared/cipher-suites.ts',
    find: 'if (unknown >= 0) throw',
    replace: 'if (unknown > suites.length) throw',
    tests: suites,
  },
  {
    name: 'one read is enough',
    file: 'src/runtime/files/follow.ts',
    find: 'if (entry.polls > 1) entry.valid = current;',
    replace: 'entry.valid = current;',
    tests: follow,
  },
  {
    name: 'the first read counts as one of two',
    file: 'src/runtime/files/follow.ts',
    find: 'last: snapshot, polls: 0,',
    replace: 'last: snapshot, polls: 1,',
    tests: follow,
  },
  {
    name: 'one file is reported while another is being written',
    file: 'src/runtime/files/follow.ts',
    find: 'const areSettled = members.every(({ polls }) => polls > 1);',
    replace: 'const areSettled = members.some(({ polls }) => polls > 1);',
    tests: follow,
  },
  {
    name: 'a repeated report is not compared with the last one',
    file: 'src/runtime/files/follow.ts',
    find: 'members.some(({ valid }, index) => !isSameContent(valid, group.known[index] ?? valid));',
    replace: 'members.length > 0;',
    tests: follow,
  },
  {
    name: 'a file that is being written is read at once',
    file: 'src/runtime/files/follow.ts',
    find: 'else if (waiting.polls > mostPolls)',
    replace: 'else if (waiting.polls > 1)',
    tests: follow,
  },
  {
    name: 'each caller reads a file again',
    file: 'src/runtime/files/follow.ts',
    find: 'entries.get(path)?.valid ?? readSnapshot',
    replace: 'readSnapshot',
    tests: follow,
  },
  {
    name: 'a large file is not read again after one read',
    file: 'src/runtime/files/file-snapshot.ts',
    find: "const isConfirmed = isSameVersion && 'bytes' in previous && previous.bytes.equals(bytes);",
    replace: "const isConfirmed = 'bytes' in (previous ?? {});",
    tests: follow,
  },
  {
    name: 'an unchanged large file is read every time',
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
    name: 'different problems count as the same',
    file: 'src/runtime/files/file-snapshot.ts',
    find: ' && one.problem.message === other.problem.message',
    replace: '',
    tests: follow,
  },
  {
    name: 'content of equal length counts as the same',
    file: 'src/runtime/files/file-snapshot.ts',
    find: 'one.bytes.equals(other.bytes)',
    replace: 'one.bytes.length === other.bytes.length',
    tests: follow,
  },
];
