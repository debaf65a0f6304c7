/** What becomes of each setting of APIRules, collected while they are translated. */
import type { Finding, Verdict } from '../../finding.ts';

/** Collects findings. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly add: (verdict: Verdict, setting: string, source: string, text: string) => void;
  /** Adds a refusal; says whether its setting is given up with `--accept`. */
  readonly refuse: (setting: string, source: string, text: string) => boolean;
}

/**
 * Makes an empty report.
 *
 * @param accepted names of settings that may be given up
 */
export function createReport(accepted: readonly string[]): Report {
  const findings: Finding[] = [];
  const add = (verdict: Verdict, setting: string, source: string, text: string) => {
    findings.push({ setting, source, verdict, text });
  };
  return {
    findings,
    add,
    refuse: (setting, source, text) => {
      add('refused', setting, source, text);
      return accepted.includes(setting);
    },
  };
}
