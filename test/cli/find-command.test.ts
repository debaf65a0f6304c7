/** Which command a command line runs, and with which words and flags. */
import { expect, test, vi } from 'vitest';
import { commands, loadManual, loadWorker } from '../../src/cli/commands.ts';
import { findCommand } from '../../src/cli/find-command.ts';

const self = {
  program: '',
  environment: {},
  earlyHangups: { count: () => 0, stopCounting: () => {} },
  loadManual,
};

const find = (line: string, isChild = false) =>
  findCommand(line === '' ? [] : line.split(' '), self, isChild);

test.each([
  ['', 'serve', []],
  ['serve', 'serve', ['serve']],
  ['--issuer https://a.example.com', 'serve', []],
  ['--log-level debug serve', 'serve', ['serve']],
  ['check-config a.yaml', 'check-config', ['check-config', 'a.yaml']],
  ['--config a.yaml check-config', 'check-config', ['check-config']],
  ['--without-files check-config a.yaml', 'check-config', ['check-config', 'a.yaml']],
  ['--show-values check-config a.yaml', 'check-config', ['check-config', 'a.yaml']],
  ['--log-subject migrate oauth2-proxy a.yaml', 'migrate', ['migrate', 'oauth2-proxy', 'a.yaml']],
  ['--log-subject help serve', 'help', ['help', 'serve']],
  ['help --log-subject serve', 'help', ['help', 'serve']],
  ['--grpc-enabled check-config', 'check-config', ['check-config']],
  ['--grpc-enabled true check-config', 'check-config', ['check-config']],
  ['compare --show-values a.yaml', 'compare', ['compare', 'a.yaml']],
  ['explain --show-claims a.yaml', 'explain', ['explain', 'a.yaml']],
  ['explain --tls a.json', 'explain', ['explain', 'a.json']],
  ['doctor --output json - a.yaml', 'doctor', ['doctor', '-', 'a.yaml']],
  ['generate kyma --apirule a.yaml', 'generate', ['generate', 'kyma', 'a.yaml']],
  ['generate --name a istio a.yaml', 'generate', ['generate', 'istio', 'a.yaml']],
  [
    'migrate oauth2-proxy a.yaml -- --client-id=a',
    'migrate',
    ['migrate', 'oauth2-proxy', 'a.yaml', '--client-id=a'],
  ],
  ['support-bundle --output - a.yaml', 'support-bundle', ['support-bundle', 'a.yaml']],
  ['version', 'version', ['version']],
  ['help migrate apirule', 'help', ['help', 'migrate', 'apirule']],
])('%j runs %s', async (line, name, words) => {
  const found = await find(line);
  expect(found.command).toBe(await commands[name]?.());
  expect(found.line.words).toEqual(words);
});

test('the value of a flag is not a command, even with the name of one', async () => {
  for (const line of ['--realm compare', '--realm help', '--realm=check-config', '--config migrate']) {
    const { command, line: parsed } = await find(line);
    expect(command).toBe(await commands.serve?.());
    expect(parsed.words).toEqual([]);
  }
});

test.each([
  ['--help', []],
  ['-h', []],
  ['serve --help', ['serve']],
  ['check-config a.yaml --help', ['check-config']],
  ['migrate --help', ['migrate']],
  ['migrate oauth2-proxy --help', ['migrate', 'oauth2-proxy']],
  ['--version --help', []],
  ['strat --help', ['strat']],
  ['--help --without-files strat', ['strat']],
])('%j prints help', async (line, topic) => {
  const found = await find(line);
  expect(found.command).toBe(await commands.help?.());
  expect(found.line.words).toEqual(['help', ...topic]);
});

test.each(['--version', '-v', '-V', 'serve --version', 'strat --version'])(
  '%j prints the version',
  async (line) => {
    expect((await find(line)).command).toBe(await commands.version?.());
  },
);

test('a user cannot run the command of a worker process', async () => {
  expect((await find('worker', true)).command).toBe(await loadWorker());
  expect(Object.keys(commands)).not.toContain('worker');
});

/** The command line of a user who passes a token, with the exit code. */
test.each([
  ['explain TOKEN --admin http://127.0.0.1:8081', 3],
  ['explain --token TOKEN', 3],
  ['doctor TOKEN', 3],
  ['generate istio TOKEN', 3],
  ['canary a.yaml --url http://127.0.0.1/ --token=TOKEN', 3],
  ['support-bundle TOKEN', 3],
  ['check-config TOKEN', 2],
  ['TOKEN', 2],
])('%j rejects the token and does not print it', async (line, code) => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.c2lnbmF0dXJl';
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exit = vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Error(`exit ${status}`);
  });
  try {
    await expect(find(line.replace('TOKEN', token))).rejects.toThrow(`exit ${code}`);
    const printed = write.mock.calls.join('');
    expect(printed).toMatch(
      /^oidc-authz: a token on the command line is visible to other users; write it to a file/,
    );
    expect(printed).not.toContain('eyJ');
  } finally {
    write.mockRestore();
    exit.mockRestore();
  }
});
