/** Runs h2spec, a conformance test of HTTP/2 servers, and reads its report. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FoundProgram, goProgram } from './programs.ts';

/** The result of a case. */
export interface H2specCase {
  /** The section and the title, such as `http2/6.5.2 Sends ...`. */
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** The expected and the actual event of a failed case. */
  readonly detail: string;
}

/** Which server is tested. */
export interface H2specTarget {
  readonly port: number;
  readonly isTls?: boolean;
  readonly path?: string;
}

/** Finds or installs h2spec. */
export function findH2spec(): Promise<FoundProgram> {
  return goProgram('h2spec', 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible');
}

/** Runs every case, the strict ones too. */
export async function runH2spec(path: string, target: H2specTarget): Promise<H2specCase[]> {
  const folder = mkdtempSync(join(tmpdir(), 'h2spec-'));
  const report = join(folder, 'report.xml');
  const args = [
    ...['generic', 'http2', 'hpack', '--strict', '--host', '127.0.0.1', '--port', String(target.port)],
    ...['--timeout', '3', '--path', target.path ?? '/', '--junit-report', report],
    ...(target.isTls === true ? ['--tls', '--insecure'] : []),
  ];
  try {
    // It exits with code 1 if a case fails. The report names the case.
    await new Promise((resolve) => execFile(path, args, { timeout: 300_000 }, resolve));
    return readReport(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(xml: string): H2specCase[] {
  return [...xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs)].map(
    ([, section, title, content = '']) => ({
      name: `${section} ${title}`.replaceAll('&#34;', '"'),
      result: /<(error|failure)>/.test(content)
        ? 'failed'
        : content.includes('<skipped>')
          ? 'skipped'
          : 'passed',
      detail: content.replace(/<[^>]*>/g, ' ').trim(),
    }),
  );
}
