/** What becomes of each setting of APIRules: collected while they are translated, and told as lines. */
import { maskUrls } from '../../config/urls.ts';
import type { Finding, Verdict } from '../finding.ts';

/** Collects findings. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly add: (verdict: Verdict, setting: string, source: string, text: string) => void;
  /** Adds a refusal; says whether its setting is given up with `--accept`. */
  readonly refuse: (setting: string, source: string, text: string) => boolean;
  /** Whether something is refused that nobody gave up. */
  readonly isRefused: () => boolean;
}

const phrases: Readonly<Record<Verdict, string>> = {
  kept: 'kept as',
  meaningless: 'has no meaning here because',
  changed: 'changes behaviour:',
  refused: 'refused because',
};

/**
 * Makes an empty report.
 *
 * @param accepted names of settings that may be given up
 */
export function createReport(accepted: readonly string[]): Report {
  const findings: Finding[] = [];
  const add = (verdict: Verdict, setting: string, source: string, text: string) => {
    findings.push({ setting, source, verdict, text: maskUrls(text) });
  };
  return {
    findings,
    add,
    refuse: (setting, source, text) => {
      add('refused', setting, source, text);
      return accepted.includes(setting);
    },
    isRefused: () =>
      findings.some(({ verdict, setting }) => verdict === 'refused' && !accepted.includes(setting)),
  };
}

/** The findings as lines: `NAME (source): kept as …`. */
export function reportText(findings: readonly Finding[], accepted: readonly string[]): string {
  const lines = findings.map(({ setting, source, verdict, text }) => {
    const given = verdict === 'refused' && accepted.includes(setting) ? ' (accepted)' : '';
    return `${setting} (${source}): ${phrases[verdict]} ${text}${given}\n`;
  });
  return [...new Set(lines)].join('');
}
