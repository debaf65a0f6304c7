/** Collects the findings about APIRules during the translation. */
import type { Finding, Verdict } from '../../finding.ts';

/** A collection of findings. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly add: (verdict: Verdict, setting: string, source: string, text: string) => void;
  /** Adds a refused finding; returns whether its setting is accepted with `--accept`. */
  readonly refuse: (setting: string, source: string, text: string) => boolean;
}

/**
 * Makes an empty collection.
 *
 * @param accepted names of settings that the operator accepts to lose
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
