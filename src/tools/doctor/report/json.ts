/** The report for tools. */
import { escapeInvisible } from '../../../observe/escape-invisible.ts';
import type { Diagnosis } from '../doctor.ts';
import type { Severity } from '../finding.ts';

/** Writes the diagnosis as one JSON object. */
export function jsonReport({ findings, notes, objects, files }: Diagnosis): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const report = {
    summary: { errors: count('error'), warnings: count('warning'), notes: count('note') },
    findings,
    notes,
    read: { files, objects },
  };
  return `${escapeInvisible(JSON.stringify(report, null, 2))}\n`;
}
