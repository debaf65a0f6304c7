/** An alpha configuration of oauth2-proxy after it is read. */
import type { Problem } from '../../../../../config/validate/problems.ts';
import type { Finding } from '../../../finding.ts';
import type { FoundSetting } from '../collected.ts';
import type { InjectedHeader } from '../setting.ts';

/** The settings, headers, findings and problems of an alpha configuration. */
export interface Alpha {
  readonly foundSettings: FoundSetting[];
  readonly headers: InjectedHeader[];
  readonly findings: Finding[];
  readonly problems: Problem[];
}
