/** Which content of a file counts, where it is replaced, written in pieces, or gone. The writers are models of their own. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FileSystem, systemFiles } from '../../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../../src/runtime/files/follow.ts';
import { createTestClock } from '../../support/clock.ts';

/** A file system of one file, whose times and sizes tell nothing of what happens to it. */
function secretiveDisk(content: string) {
  const disk = { bytes: Buffer.from(content) };
  const files: FileSystem = {
    stat: () => ({ version: 'as ever', size: 1, isFile: true }),
    read: () => disk.bytes,
  };
  return { disk, files };
}

function follow(files: FileSystem, path = 'file') {
  const clock = createTestClock();
  const followed = followFiles(files, clock);
  const counted: string[] = [];
  const read = () => {
    try {
      return followed.read(path);
    } catch (error) {
      return `(${(error as { code?: string }).code ?? (error as Error).message})`;
    }
  };
  const following = followed.follow([path], () => counted.push(read()));
  return { clock, followed, following, counted, read };
}

describe('a file that is truncated and written in pieces', () => {
  test('counts whole, whatever was in it at any look, though neither its size nor its times tell', async () => {
    const text = fc.string({ minLength: 2, maxLength: 30, unit: 'grapheme-ascii' });
    const write = fc.record({
      text,
      // How much is there at each look on the way: ever more of it.
      pieces: fc.uniqueArray(fc.nat({ max: 29 }), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(text, fc.array(write, { minLength: 1, maxLength: 4 }), async (first, writes) => {
        const { disk, files } = secretiveDisk(first);
        const { clock, read, following } = follow(files);
        let whole = first;
        for (const { text: next, pieces } of writes) {
          for (const length of pieces.filter((piece) => piece < next.length).sort((a, b) => a - b)) {
            disk.bytes = Buffer.from(next.slice(0, length));
            await clock.advance(1_000);
            expect(read()).toBe(whole);
          }
          disk.bytes = Buffer.from(next);
          await clock.advance(1_000);
          expect([whole, next]).toContain(read());
          await clock.advance(1_000);
          whole = next;
          expect(read()).toBe(whole);
        }
        following.stop();
      }),
      { numRuns: 60 },
    );
  });

  test('counts at no place where it could be cut', async () => {
    const next = '[{"issuer": "https://a", "sub": "alice"},\n {"issuer": "https://a", "sub": "bob"}]\n';
    for (let length = 0; length < next.length; length++) {
      const { disk, files } = secretiveDisk('[]');
      const { clock, counted } = follow(files);
      disk.bytes = Buffer.from(next.slice(0, length));
      await clock.advance(1_000);
      disk.bytes = Buffer.from(next);
      await clock.advance(2_000);
      expect([length, counted]).toEqual([length, [next]]);
    }
  });

  test('is told of once, and not at all where it becomes what it was', async () => {
    const { disk, files } = secretiveDisk('one');
    const { clock, counted } = follow(files);
    disk.bytes = Buffer.from('');
    await clock.advance(1_000);
    disk.bytes = Buffer.from('one');
    await clock.advance(5_000);
    expect(counted).toEqual([]);
    disk.bytes = Buffer.from('two');
    await clock.advance(5_000);
    expect(counted).toEqual(['two']);
  });

  test('counts as it is where it stays so, since nothing tells that from what was meant', async () => {
    const { disk, files } = secretiveDisk('- one\n- two\n');
    const { clock, counted } = follow(files);
    disk.bytes = Buffer.from('- one\n');
    await clock.advance(2_000);
    expect(counted).toEqual(['- one\n']);
  });
});

describe('a large file', () => {
  /** A disk whose clock ticks every `tick` writes, so that some changes leave no trace. */
  function largeDisk() {
    const disk = { content: 'a'.repeat(300_000), version: 1, reads: 0 };
    const files: FileSystem = {
      stat: () => ({ version: String(disk.version), size: disk.content.length, isFile: true }),
      read: () => {
        disk.reads++;
        return Buffer.from(disk.content);
      },
    };
    return { disk, files };
  }

  test('is not read again as long as its version stays', async () => {
    const { disk, files } = largeDisk();
    const { clock, counted } = follow(files);
    await clock.advance(60_000);
    expect(disk.reads).toBe(2);
    disk.content = 'b'.repeat(300_000);
    disk.version++;
    await clock.advance(60_000);
    expect(counted.map((text) => text[0])).toEqual(['b']);
    expect(disk.reads).toBe(4);
  });

  test('that changes twice within a tick of the clock of its file system counts as it is in the end', async () => {
    const { disk, files } = largeDisk();
    const { clock, read } = follow(files);
    await clock.advance(10_000);
    disk.content = 'b'.repeat(300_000);
    disk.version++;
    await clock.advance(1_000);
    disk.content = 'c'.repeat(300_000);
    await clock.advance(3_000);
    expect(read()[0]).toBe('c');
  });
});

describe('several files together', () => {
  function pair() {
    const disk: Record<string, string> = { certificate: 'one', key: 'one' };
    const files: FileSystem = {
      stat: () => ({ version: '', size: 1, isFile: true }),
      read: (path) => Buffer.from(disk[path] ?? ''),
    };
    const clock = createTestClock();
    const followed = followFiles(files, clock);
    const told: string[] = [];
    const following = followed.follow(['certificate', 'key'], () =>
      told.push(`${followed.read('certificate')} ${followed.read('key')}`),
    );
    return { disk, clock, told, following, followed };
  }

  test('are told of when none is being written', async () => {
    const { disk, clock, told } = pair();
    disk.certificate = 'two';
    await clock.advance(1_000);
    disk.key = 'tw';
    await clock.advance(1_000);
    disk.key = 'two';
    await clock.advance(1_000);
    expect(told).toEqual([]);
    await clock.advance(1_000);
    expect(told).toEqual(['two two']);
  });

  test('are waited for until then', async () => {
    const { disk, clock, told, following } = pair();
    let settled: boolean | undefined;
    const wait = async () => {
      settled = await following.settled();
    };
    void wait();
    await clock.advance(1_000);
    expect(settled).toBeUndefined();
    await clock.advance(1_000);
    expect(settled).toBe(false);
    expect(await following.settled()).toBe(false);
    disk.key = 'tw';
    settled = undefined;
    void wait();
    await clock.advance(1_000);
    disk.key = 'two';
    await clock.advance(1_000);
    expect(settled).toBeUndefined();
    await clock.advance(1_000);
    expect([settled, told]).toEqual([true, ['one two']]);
  });

  test('that never stay the same are waited for one minute', async () => {
    const { disk, clock, following, told } = pair();
    const settled = following.settled();
    const failure = expect(settled).rejects.toThrow(/keeps changing/);
    for (let second = 0; second < 70; second++) {
      disk.key = String(second);
      await clock.advance(1_000);
    }
    await failure;
    expect(told).toEqual([]);
  });

  test('have one content for everybody who reads them', async () => {
    const { disk, clock, followed } = pair();
    const other = followed.follow(['key'], () => {});
    disk.key = 'two';
    expect(followed.read('key')).toBe('one');
    await clock.advance(1_000);
    expect(followed.read('key')).toBe('one');
    await clock.advance(1_000);
    expect(followed.read('key')).toBe('two');
    other.stop();
    disk.key = 'three';
    await clock.advance(2_000);
    expect(followed.read('key')).toBe('three');
  });

  test('are looked at no more once nobody follows them', async () => {
    const { disk, clock, told, following, followed } = pair();
    following.stop();
    disk.key = 'two';
    await clock.advance(5_000);
    expect([told, followed.read('key')]).toEqual([[], 'two']);
  });
});

describe('on a disk', () => {
  function onDisk() {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-follow-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'file');
    writeFileSync(file, 'one');
    return { folder, file };
  }

  test('a file that is replaced, or written anew with the size and the time that it had, is another', async () => {
    const { file } = onDisk();
    utimesSync(file, 1_000, 1_000);
    const { clock, counted } = follow(systemFiles, file);
    await clock.advance(5_000);
    writeFileSync(file, 'two');
    utimesSync(file, 1_000, 1_000);
    await clock.advance(5_000);
    writeFileSync(`${file}.new`, 'three');
    renameSync(`${file}.new`, file);
    await clock.advance(5_000);
    expect(counted).toEqual(['two', 'three']);
  });

  test('a change between the first reading and the first look is taken up', async () => {
    const { file } = onDisk();
    const { clock, counted, read } = follow(systemFiles, file);
    expect(read()).toBe('one');
    writeFileSync(file, 'two');
    await clock.advance(5_000);
    expect(counted).toEqual(['two']);
  });

  test('a link that is swapped two levels above is a change, as Kubernetes mounts a ConfigMap', async () => {
    const { folder, file } = onDisk();
    rmSync(file);
    const publish = (version: string) => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'file'), version);
      symlinkSync(version, join(folder, '..next'));
      renameSync(join(folder, '..next'), join(folder, '..data'));
    };
    publish('..1');
    symlinkSync('..data/file', file);
    const { clock, counted } = follow(systemFiles, file);
    publish('..2');
    await clock.advance(3_000);
    expect(counted).toEqual(['..2']);
  });

  test.each<[string, (file: string) => void, string]>([
    ['nothing', () => {}, '(ENOENT)'],
    ['a folder', (file) => mkdirSync(file), '(it is not a file)'],
    ['a pipe', (file) => execFileSync('mkfifo', [file]), '(it is not a file)'],
    ['a link to itself', (file) => symlinkSync('file', file), '(ELOOP)'],
    ['a link to nothing', (file) => symlinkSync('nothing', file), '(ENOENT)'],
  ])('%s in its place is told, once, and so is its return', async (_, put, told) => {
    const { file } = onDisk();
    const { clock, counted } = follow(systemFiles, file);
    await clock.advance(3_000);
    rmSync(file);
    put(file);
    await clock.advance(5_000);
    expect(counted).toEqual([told]);
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, 'one');
    await clock.advance(5_000);
    expect(counted).toEqual([told, 'one']);
  });

  test('what is told of one problem is told of another', async () => {
    const { file } = onDisk();
    const { clock, counted } = follow(systemFiles, file);
    rmSync(file);
    await clock.advance(3_000);
    mkdirSync(file);
    await clock.advance(3_000);
    expect(counted).toEqual(['(ENOENT)', '(it is not a file)']);
  });

  test('what is gone for one look is not missed', async () => {
    const { file } = onDisk();
    const { clock, counted } = follow(systemFiles, file);
    rmSync(file);
    await clock.advance(1_000);
    writeFileSync(file, 'one');
    await clock.advance(5_000);
    expect(counted).toEqual([]);
  });

  test('a large file is read again when it changes in place', async () => {
    const { file } = onDisk();
    writeFileSync(file, 'a'.repeat(1_000_000));
    const { clock, counted } = follow(systemFiles, file);
    await clock.advance(5_000);
    truncateSync(file, 0);
    await clock.advance(1_000);
    writeFileSync(file, 'b'.repeat(1_000_000));
    await clock.advance(5_000);
    expect(counted).toEqual(['b'.repeat(1_000_000)]);
  });

  test('what is a pipe from the beginning is read once, and no change is seen in it', async () => {
    const { folder } = onDisk();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reads: string[] = [];
    const files: FileSystem = {
      stat: systemFiles.stat,
      read: (path) => {
        reads.push(path);
        return Buffer.from('from the pipe');
      },
    };
    const { clock, counted, read } = follow(files, pipe);
    await clock.advance(5_000);
    expect([read(), counted, reads]).toEqual(['from the pipe', [], [pipe]]);
  });
});
